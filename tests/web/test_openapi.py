from __future__ import annotations

import json

from aiohttp.test_utils import TestClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from signalstream import __version__
from signalstream.models.agents import AI_AGENTS
from signalstream.web.openapi import openapi
from signalstream.web.routes import ROUTES
from tests.web.conftest import World
from tests.web.insights import KEY, insight

PAGES = {"/", "/static/{name}", "/docs", "/docs/static/{name}"}


def check_against(schema_name: str, value: object) -> None:
    document = openapi()
    schema = {"$ref": f"#/components/schemas/{schema_name}", "components": document["components"]}
    Draft202012Validator(schema).validate(value)


def test_the_document_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(openapi()).validate()
    assert openapi()["openapi"] == "3.1.0"


async def test_it_is_served_with_the_version_of_the_program(client: TestClient) -> None:
    async with client.get("/openapi.json") as answer:
        document = await answer.json()
        assert (answer.status, answer.content_type) == (200, "application/json")
    assert document["info"]["version"] == __version__
    assert document == json.loads(json.dumps(openapi()))


def test_every_route_but_the_pages_is_in_it_and_nothing_else() -> None:
    described = {(method.upper(), path) for path, methods in openapi()["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES if not route.page}
    assert {route.path for route in ROUTES if route.page} == PAGES


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for path in openapi()["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


def test_every_parameter_of_a_path_is_described() -> None:
    for path, methods in openapi()["paths"].items():
        for operation in methods.values():
            described = {each["name"] for each in operation["parameters"] if each.get("in") == "path"}
            assert described == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_every_answer_names_the_request_id_and_every_error_is_a_problem() -> None:
    for methods in openapi()["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                assert "X-Request-ID" in answer["headers"]
                assert ("application/problem+json" in answer.get("content", {})) is (int(status) >= 400)


def test_what_may_be_answered_from_a_copy_says_so_and_nothing_else_does() -> None:
    marked = set()
    for path, methods in openapi()["paths"].items():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if {"X-Stale", "X-Stale-Age-Seconds"} <= answer["headers"].keys():
                    marked.add((path, status))
    reads = {route.path for route in ROUTES if route.may_be_stale}
    assert len(reads) == 3
    assert marked == {(path, "200") for path in reads} | {("/v1/conversations/{conversation_id}/insights", "304")}


def test_every_schema_is_used() -> None:
    document = openapi()
    text = json.dumps(document)
    unused = [name for name in document["components"]["schemas"] if f'"#/components/schemas/{name}"' not in text]
    assert unused == []


def test_a_time_is_described_as_one_and_answers_may_gain_fields() -> None:
    schemas = openapi()["components"]["schemas"]
    assert schemas["MessageAccepted"]["properties"]["timestamp"]["format"] == "date-time"
    assert "additionalProperties" not in schemas["MessageAccepted"]
    assert schemas["MessageIn"]["additionalProperties"] is False


def test_the_frames_of_the_websocket_are_described() -> None:
    frames = openapi()["paths"]["/ws/conversations/{conversation_id}/stream"]["get"]["x-websocket-messages"]
    assert set(frames) == {"connected", "intelligence_update", "erased", "pong", "error"}


async def test_what_the_server_says_fits_what_is_described(world: World, client: TestClient) -> None:
    world.reader.insights[KEY] = insight(2)
    async with client.get("/v1/conversations/c-1/insights") as answer:
        check_against("Insight", await answer.json())
    async with client.get("/v1/conversations") as answer:
        check_against("ConversationPage", await answer.json())
    async with client.get("/health") as answer:
        check_against("Health", await answer.json())
    async with client.get("/v1/conversations?limit=0") as answer:
        check_against("Problem", await answer.json())
    async with client.post("/v1/messages", json={"conversation_id": "c", "sender": "agent", "message": "m"}) as answer:
        check_against("MessageAccepted", await answer.json())
    async with client.ws_connect("/ws/conversations/c-1/stream") as socket:
        check_against("Connected", json.loads(await socket.receive_str(timeout=2)))
        check_against("IntelligenceUpdate", json.loads(await socket.receive_str(timeout=2)))


def test_an_insight_shows_the_result_of_every_agent() -> None:
    schemas = openapi()["components"]["schemas"]
    assert set(AI_AGENTS) <= set(schemas["Insight"]["properties"])
    assert schemas["Insight"]["properties"]["language"]["anyOf"][0] == {"$ref": "#/components/schemas/Language"}
    assert set(schemas["Language"]["properties"]) == {"language", "confidence"}
