"""Errors as RFC 9457 problems: one model, one exception, one middleware, so that no error leaves in another shape."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import structlog
from aiohttp import web
from pydantic import Field

from signalstream.errors import (
    AuthenticationUnavailableError,
    BrokerUnavailableError,
    CredentialError,
    ForbiddenError,
    KeyDestroyedError,
    KeyPendingError,
    OwnerUnavailableError,
    RecordTooLargeError,
    RedactionError,
    SignalStreamError,
)
from signalstream.models.base import Model
from signalstream.web.correlation import request_id

PROBLEM_MEDIA_TYPE = "application/problem+json"
LONGEST_RETRY_AFTER_SECONDS = 5
REALM = 'Bearer realm="signalstream"'
BROKER_DETAIL = (
    "The broker did not acknowledge the message in time; it may or may not have been kept. Send it again with the "
    "same Idempotency-Key or message_id: a repeat is the same message."
)
OWNER_DETAIL = "The worker that holds this conversation cannot be reached, or is still recovering. Ask again shortly."
KEY_DETAIL = "The key of this tenant's data is not known to this worker yet. Ask again shortly."
ERASED_DETAIL = "The data of this tenant was erased for good, and nothing is taken in for it any more."
TOO_LARGE_DETAIL = (
    "With what stands in the place of personal data, and its sealed original where that is kept, this message is "
    "larger than the broker takes. Nothing was kept. Send less metadata, or divide the message."
)
DETAILS = {
    404: "There is nothing at this path. /openapi.json lists what there is.",
    405: "This path does not take that method. The Allow header lists those that it takes.",
}

_log = structlog.get_logger("signalstream.web")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FieldError(Model):
    """What is wrong with one field, header or query parameter. Never holds what was sent."""

    field: str = Field(description="Its path, as in metadata.order or Idempotency-Key.")
    message: str


class Problem(Model):
    """An error as RFC 9457 shows it. ``type`` stays the same from release to release: programs may rely on it."""

    type: str = Field(description="urn:signalstream:problem: and a stable word.")
    title: str
    status: int
    detail: str
    request_id: str = Field(description="The X-Request-ID of this answer; the log lines carry it too.")
    errors: tuple[FieldError, ...] | None = Field(default=None, description="With status 422: what is wrong where.")
    parts: Mapping[str, Mapping[str, object]] | None = Field(
        default=None, description="Of /ready and /live: the details."
    )


class ProblemError(SignalStreamError):
    """Ends a request with a problem. ``word`` is the stable end of its type; the status' own phrase by default."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        word: str | None = None,
        errors: tuple[FieldError, ...] | None = None,
        parts: Mapping[str, Mapping[str, object]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.word = word or HTTPStatus(status).phrase.lower().replace(" ", "-")
        self.errors = errors
        self.parts = parts
        self.headers = dict(headers or {})


def invalid(*errors: tuple[str, str]) -> ProblemError:
    """Return the 422 for ``(field, message)`` pairs."""
    named = tuple(FieldError(field=field, message=message) for field, message in errors)
    listed = ", ".join(dict.fromkeys(error.field for error in named))
    return ProblemError(422, f"Please correct: {listed}.", word="validation", errors=named)


def unseen() -> ProblemError:
    """Return the 404 of a conversation that is unknown, another tenant's, or erased: nobody can tell which."""
    return ProblemError(404, "No message of this conversation has been seen for this tenant.")


def unavailable(word: str, detail: str) -> ProblemError:
    """Return a 503 that asks to come back in 1 to 5 s, at random so that callers do not return all at once."""
    seconds = 1 + secrets.randbelow(LONGEST_RETRY_AFTER_SECONDS)
    return ProblemError(503, detail, word=word, headers={"Retry-After": str(seconds)})


def problem_response(request: web.BaseRequest, error: ProblemError) -> web.Response:
    """Turn a problem into the answer."""
    problem = Problem(
        type=f"urn:signalstream:problem:{error.word}",
        title=HTTPStatus(error.status).phrase,
        status=error.status,
        detail=error.detail,
        request_id=request_id(request),
        errors=error.errors,
        parts=error.parts,
    )
    body = problem.model_dump_json(exclude_none=True).encode()
    headers = {"Cache-Control": "no-store", **error.headers}
    return web.Response(status=error.status, body=body, content_type=PROBLEM_MEDIA_TYPE, headers=headers)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error as a problem. What was not foreseen is logged and says nothing of the inside."""
    try:
        return await handler(request)
    except Exception as error:  # the last line of defence: whatever it was, the caller gets a problem
        if isinstance(error, web.HTTPMethodNotAllowed) and request.method == "OPTIONS":
            return web.Response(status=204, headers={"Allow": error.headers["Allow"]})
        if isinstance(error, web.HTTPException) and error.status < 400:
            raise
        return problem_response(request, problem_of(error) or _unforeseen(request))


def problem_of(error: Exception) -> ProblemError | None:
    """Return an error as the problem that the caller is told, None for one that nobody foresaw."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, web.HTTPException):
        kept = {name: value for name in ("Allow", "Retry-After") if (value := error.headers.get(name))}
        detail = DETAILS.get(error.status, f"The request was refused: {error.reason}.")
        return ProblemError(error.status, detail, headers=kept)
    if isinstance(error, KeyPendingError):
        return unavailable("key-pending", KEY_DETAIL)
    if isinstance(error, BrokerUnavailableError):
        return unavailable("broker-unavailable", BROKER_DETAIL)
    if isinstance(error, OwnerUnavailableError):
        return unavailable("owner-unavailable", OWNER_DETAIL)
    return _refusal_of(error)


def _refusal_of(error: Exception) -> ProblemError | None:
    if isinstance(error, CredentialError):
        return ProblemError(401, str(error), word=error.word, headers={"WWW-Authenticate": _challenge(error)})
    if isinstance(error, ForbiddenError):
        lacking = {"WWW-Authenticate": _insufficient(error.scope)} if error.scope else {}
        return ProblemError(403, str(error), word=error.word, headers=lacking)
    if isinstance(error, KeyDestroyedError):
        return ProblemError(410, ERASED_DETAIL, word="tenant-erased")
    if isinstance(error, AuthenticationUnavailableError):
        return unavailable("authentication-unavailable", str(error))
    return _unkept_of(error)


def _unkept_of(error: Exception) -> ProblemError | None:
    if isinstance(error, RecordTooLargeError):
        return ProblemError(413, TOO_LARGE_DETAIL)
    if isinstance(error, RedactionError):
        return unavailable(error.word, str(error))
    return None


def _challenge(error: CredentialError) -> str:
    """Return what RFC 6750 wants said: nothing about an error where no credential was sent."""
    return REALM if error.word == "credential-missing" else f'{REALM}, error="invalid_token"'


def _insufficient(scope: str) -> str:
    return f'{REALM}, error="insufficient_scope", scope="{scope}"'


def _unforeseen(request: web.Request) -> ProblemError:
    resource = request.match_info.route.resource
    _log.exception("request_failed", method=request.method, route=resource.canonical if resource else None)
    return ProblemError(500, "Something went wrong here, and it is in our log under this request_id.")
