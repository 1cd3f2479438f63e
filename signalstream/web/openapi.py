"""OpenAPI 3.1, generated from the table of routes and the pydantic models."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from signalstream import __version__
from signalstream.ai.results import result_of
from signalstream.models.agents import AI_AGENTS
from signalstream.models.intelligence import RESULTS
from signalstream.web.correlation import REQUEST_ID_HEADER, REQUEST_ID_PATTERN
from signalstream.web.forwarding import STALE_AGE_HEADER, STALE_HEADER
from signalstream.web.frames import SOCKET_MESSAGES, Authenticate
from signalstream.web.limits import LIMIT_HEADER, POLICY_HEADER, REMAINING_HEADER, RESET_HEADER
from signalstream.web.problems import PROBLEM_MEDIA_TYPE, Problem
from signalstream.web.routes import ROUTES, Parameter, Route

Document = dict[str, Any]
EVERY_ROUTE = (400, 421, 500)  # what no HTTP can read, a name that is not ours where nobody is asked for credentials
REFUSALS = (401, 403)
LIMITED = 429
SCHEME = "credential"
CREDENTIALS = (
    "An API key of `signalstream keys issue`, or a token of the configured issuer. It says whose data is meant."
)
DESCRIPTION = (
    "Support messages in, sentiment, personal data, intent, urgency, actions and summary out, seconds later. "
    "Every error is application/problem+json and names its request_id."
)


class _Schemas(GenerateJsonSchema):
    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        # A timestamp is written by a function that returns text, which hides that the text is a time.
        if schema["type"] == "function-after" and schema["schema"]["type"] == "datetime":
            return {"type": "string", "format": "date-time"}
        return super().generate_inner(schema)

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        described = super().model_schema(schema)
        if self.mode == "serialization":  # answers may gain fields; a client must not refuse them
            described.pop("additionalProperties", None)
        return described


def openapi(routes: Iterable[Route] = ROUTES) -> Document:
    """Return the document."""
    shown = [route for route in routes if not route.page]
    paths: dict[str, Document] = {}
    for route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "SignalStream", "version": __version__, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(shown),
            "securitySchemes": {SCHEME: {"type": "http", "scheme": "bearer", "description": CREDENTIALS}},
            "headers": {"RequestId": _header("The request's id: yours, or one made here.", REQUEST_ID_PATTERN)},
            "parameters": {"RequestId": _request_id_parameter()},
        },
    }


def _schemas(routes: list[Route]) -> Document:
    taken = [(route.body, "validation") for route in routes if route.body]
    taken += [(Authenticate, "validation")] if any(route.is_socket for route in routes) else []
    later = {agent: result_of(agent) for agent in AI_AGENTS if agent not in RESULTS}
    given = [route.answer for route in routes if route.answer] + [Problem, *SOCKET_MESSAGES, *later.values()]
    modes: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        *((model, "validation") for model, _ in taken),
        *((model, "serialization") for model in dict.fromkeys(given)),
    ]
    document = json.loads(_described(tuple(modes)))
    shown = document["$defs"].get("Insight", {}).get("properties", {})
    shown |= {agent: {"anyOf": [_ref(result), {"type": "null"}], "default": None} for agent, result in later.items()}
    return dict(sorted(document["$defs"].items()))


@cache
def _described(modes: tuple[tuple[type[BaseModel], Literal["validation", "serialization"]], ...]) -> str:
    """Return the models' schemas as JSON. It takes 20 ms, and what a model says of itself never changes."""
    _, document = models_json_schema(modes, ref_template="#/components/schemas/{model}", schema_generator=_Schemas)
    return json.dumps(document)


def _operation(route: Route) -> Document:
    operation: Document = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [
            {"$ref": "#/components/parameters/RequestId"},
            *(_parameter(parameter) for parameter in route.parameters),
        ],
        "responses": {str(route.status): _good(route), **_not_modified(route), **_problems(route)},
    }
    if route.scope:
        operation["security"] = [{SCHEME: [str(route.scope)]}]
    if route.notes:
        operation["description"] = route.notes
    if route.body:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(route.body)}}}
    if route.status == 101:
        operation["x-websocket-messages"] = {
            model.model_fields["type"].default: _ref(model) for model in SOCKET_MESSAGES
        }
        operation["x-websocket-first-message"] = _ref(Authenticate)
    return operation


def _parameter(parameter: Parameter) -> Document:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.description,
        "required": parameter.required,
        "schema": parameter.schema,
    }


def _request_id_parameter() -> Document:
    described = "Your id of this request; it comes back on the answer and stands in every log line."
    schema = {"type": "string", "pattern": f"^{REQUEST_ID_PATTERN}$"}
    return _parameter(Parameter(REQUEST_ID_HEADER, "header", described, schema))


def _good(route: Route) -> Document:
    answer: Document = {"description": HTTPStatus(route.status).phrase, "headers": _headers()}
    if any(parameter.name == "If-None-Match" for parameter in route.parameters):
        answer["headers"]["ETag"] = _header("The revision, in quotes.", r'^"[0-9]+"$')
    answer["headers"] |= _stale_headers(route) | _limit_headers(route)
    if route.status != 101:
        plain = {"type": "object" if route.media_type == "application/json" else "string"}
        answer["content"] = {route.media_type: {"schema": _ref(route.answer) if route.answer else plain}}
    return answer


def _not_modified(route: Route) -> Document:
    if not any(parameter.name == "If-None-Match" for parameter in route.parameters):
        return {}
    return {
        "304": {
            "description": "Nothing changed since the ETag that was sent.",
            "headers": _headers() | _stale_headers(route) | _limit_headers(route),
        }
    }


def _stale_headers(route: Route) -> Document:
    if not route.may_be_stale:
        return {}
    return {
        STALE_HEADER: _header("There when the answer is from a copy, because the owner cannot answer.", "^true$"),
        STALE_AGE_HEADER: _header("With X-Stale: how long ago the copy was level, in seconds.", r"^[0-9]+\.[0-9]$"),
    }


def _limit_headers(route: Route) -> Document:
    if not route.is_limited:
        return {}
    return {
        LIMIT_HEADER: _header("How many may be sent at once, of the limit that is nearest.", "^[1-9][0-9]*$"),
        REMAINING_HEADER: _header("How many of these are left.", "^[0-9]+$"),
        RESET_HEADER: _header("In how many seconds all of them are there again.", "^[0-9]+$"),
        POLICY_HEADER: _header("How many come back in a minute; burst says RateLimit-Limit.", "^[0-9]+;w=60;burst="),
    }


def _problems(route: Route) -> Document:
    refusals = (*REFUSALS, LIMITED) if route.scope else ()
    documented = {status: _problem(status) for status in sorted({*route.problems, *refusals, *EVERY_ROUTE})}
    for status, problem in documented.items():
        if status not in {401, 403, 421, 500}:
            problem["headers"] |= _limit_headers(route)
    return {str(status): problem for status, problem in documented.items()}


def _problem(status: int) -> Document:
    headers = _headers()
    if status in {LIMITED, 503}:
        headers["Retry-After"] = _header("Seconds to wait before asking again.", "^[1-9][0-9]*$")
    if status in REFUSALS:
        headers["WWW-Authenticate"] = _header("With 401; with 403 when a scope is missing, naming it.", "^Bearer ")
    content = {PROBLEM_MEDIA_TYPE: {"schema": _ref(Problem)}}
    return {"description": HTTPStatus(status).phrase, "headers": headers, "content": content}


def _headers() -> Document:
    return {REQUEST_ID_HEADER: {"$ref": "#/components/headers/RequestId"}}


def _header(description: str, pattern: str) -> Document:
    anchored = pattern if pattern.startswith("^") else f"^{pattern}$"
    return {"description": description, "schema": {"type": "string", "pattern": anchored}}


def _ref(model: type[BaseModel]) -> Document:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
