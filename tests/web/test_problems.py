from __future__ import annotations

import re

import pytest
from aiohttp.test_utils import TestClient
from structlog.testing import capture_logs

from tests.web.conftest import World

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/table/", 404, "not-found"),
        ("GET", "/router/", 404, "not-found"),
        ("GET", "/docs/static/../../secret", 404, "not-found"),
        ("GET", "/static/absent.js", 404, "not-found"),
        ("DELETE", "/v1/messages", 405, "method-not-allowed"),
        ("HEAD", "/v1/messages", 405, "method-not-allowed"),
        ("POST", "/v1/messages", 415, "unsupported-media-type"),
        ("GET", "/v1/conversations/c-1/insights", 404, "not-found"),
        ("GET", "/v1/conversations?limit=0", 422, "validation"),
        ("GET", "/ws/conversations/c-1/stream", 426, "upgrade-required"),
    ],
)
async def test_every_error_is_a_problem_with_its_request_id(
    client: TestClient, method: str, path: str, status: int, word: str
) -> None:
    async with client.request(method, path, headers={"X-Request-ID": "r-1"}) as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")
        assert answer.headers["X-Request-ID"] == "r-1"
        if method != "HEAD":
            problem = await answer.json()
            assert (problem["type"], problem["status"]) == (f"urn:signalstream:problem:{word}", status)
            assert problem["request_id"] == "r-1"
            assert problem["title"]
            assert problem["detail"]


async def test_a_method_that_is_not_taken_is_answered_with_those_that_are(client: TestClient) -> None:
    async with client.put("/v1/messages") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_options_lists_the_methods(client: TestClient) -> None:
    async with client.options("/v1/conversations/c-1/insights") as answer:
        assert (answer.status, answer.headers["Allow"]) == (204, "GET,HEAD")
    async with client.options("/nowhere") as answer:
        assert answer.status == 404


async def test_head_answers_as_get_does_without_the_body(client: TestClient) -> None:
    async with client.head("/health") as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_an_error_that_was_not_foreseen_is_logged_and_tells_nothing(world: World, client: TestClient) -> None:
    world.ingest.error = ZeroDivisionError("the secret inside")
    message = {"conversation_id": "c", "sender": "customer", "message": "the private text"}
    with capture_logs() as lines:
        async with client.post("/v1/messages", json=message, headers={"X-Request-ID": "r-2"}) as answer:
            text = await answer.text()
            assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert "secret" not in text
    assert "ZeroDivision" not in text
    assert "r-2" in text
    assert [(line["event"], line["route"]) for line in lines] == [("request_failed", "/v1/messages")]
    assert "private" not in str(lines)


async def test_a_status_that_aiohttp_answers_before_any_middleware_has_a_request_id_too(client: TestClient) -> None:
    async with client.get("/health", headers={"Expect": "miracles"}) as answer:
        assert answer.status == 417
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])
