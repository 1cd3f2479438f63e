"""Who may do what: every route's handler stands behind a check of the credential, its scope and its tenant.

A credential comes in the Authorization header. A browser cannot set one for a WebSocket: there it is the first frame,
and nothing is sent before it. It is never taken from an address, because addresses are logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import IntEnum

import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import ValidationError

from signalstream.core.keys import is_tenant_id
from signalstream.errors import (
    AuthenticationUnavailableError,
    ConfigurationError,
    CredentialError,
    ForbiddenError,
    SignalStreamError,
)
from signalstream.security.authenticator import Authenticator
from signalstream.security.principal import LOCAL_CREDENTIAL, Principal, local_principal
from signalstream.settings import Settings
from signalstream.web.frames import Authenticate
from signalstream.web.problems import ProblemError
from signalstream.web.routes import Route
from signalstream.web.strangers import Strangers

PRINCIPAL = web.RequestKey("principal", Principal)
CREDENTIAL = web.RequestKey("credential", str)
ROUTE = web.RequestKey("route", Route)
MISSING = "Send a credential: Authorization: Bearer and an API key or a token."
MISSING_FRAME = 'Send {"type":"authenticate","token":"..."} as the first frame.'
SCHEME = "The Authorization header must say Bearer and one credential."

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CloseCode(IntEnum):
    """With which code a WebSocket ends that may not go on; the reason says the problem's word."""

    REFUSED = 4401
    FORBIDDEN = 4403
    TOO_LATE = 4408
    EXPIRED = 4410
    ERASED = 4411
    LIMITED = 4429


class Guard:
    """Stands before the handlers. Without an authenticator (SIGNALSTREAM_AUTH=off) everyone is the local principal."""

    def __init__(self, authenticator: Authenticator | None, settings: Settings, strangers: Strangers) -> None:
        if authenticator is None and settings.auth == "required":
            raise ConfigurationError(
                "SIGNALSTREAM_AUTH=required, and this worker has nothing to check credentials with"
            )
        self._authenticator = authenticator if settings.auth == "required" else None
        self._settings = settings
        self._strangers = strangers

    def around(self, route: Route, handler: Handler) -> Handler:
        """Return the handler behind the check of its route."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            request[ROUTE] = route
            if self._authenticator is None:
                request[PRINCIPAL] = local_principal(_local_tenant(request, self._settings))
            elif route.scope is not None and not (route.is_socket and "Authorization" not in request.headers):
                await self._admit(request, self._sent(request))
            return await handler(request)

        return guarded

    async def by_first_frame(self, request: web.Request, socket: web.WebSocketResponse) -> bool:
        """Wait for the frame that authenticates; close the socket and say False when it does not come or not hold."""
        try:
            async with asyncio.timeout(self._settings.websocket_authentication_seconds):
                received = await socket.receive()
            if received.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
                return False
            await self._admit(request, _frame_credential(received.data))
            own_tenant(request, request.query.getall("tenant_id", []))
        except TimeoutError:
            await socket.close(code=CloseCode.TOO_LATE, message=b"credential-missing")
        except (CredentialError, ForbiddenError, AuthenticationUnavailableError, ProblemError) as error:
            await refuse(socket, error)
        else:
            return True
        return False

    def still_holds(self, request: web.Request) -> None:
        """Raise CredentialError when the credential of a request that goes on has expired or was revoked."""
        if self._authenticator is not None:
            self._authenticator.check(request[PRINCIPAL])

    async def may(self, request: web.Request, scope: str) -> bool:
        """Say whether the request brings a credential that grants a scope, on a route that needs none."""
        if self._authenticator is None:
            return True
        try:
            return (await self._checked(request, sent_credential(request))).may(scope)
        except (CredentialError, AuthenticationUnavailableError, ProblemError):
            return False

    def _sent(self, request: web.Request) -> str:
        try:
            return sent_credential(request)
        except CredentialError:
            self._strangers.check(request)
            self._strangers.note_refused(request)
            raise

    async def _checked(self, request: web.Request, credential: str) -> Principal:
        assert self._authenticator is not None
        self._strangers.check(request, credential)
        try:
            principal = await self._authenticator.authenticate(credential)
        except CredentialError:
            self._strangers.note_refused(request)
            raise
        self._strangers.note_good(credential)
        return principal

    async def _admit(self, request: web.Request, credential: str) -> None:
        principal = await self._checked(request, credential)
        scope = request[ROUTE].scope
        if scope is not None and not principal.may(scope):
            raise ForbiddenError(f"This credential does not grant {scope}.", "scope-missing", scope)
        request[PRINCIPAL], request[CREDENTIAL] = principal, credential
        structlog.contextvars.bind_contextvars(tenant_id=principal.tenant, credential=principal.credential)


def is_authenticated(request: web.Request) -> bool:
    """Say whether the request is known to speak for somebody."""
    return request.get(PRINCIPAL) is not None


def principal_of(request: web.Request) -> Principal:
    """Return who the request speaks for, behind a guard."""
    principal: Principal = request[PRINCIPAL]
    return principal


def own_tenant(request: web.Request, named: list[str]) -> str | None:
    """Return the credential's tenant, None for the local principal's, who may name any.

    Raises ForbiddenError when the request names another.
    """
    principal = principal_of(request)
    if principal.credential == LOCAL_CREDENTIAL:
        return None
    if any(name != principal.tenant for name in named):
        raise ForbiddenError("The tenant_id is not that of your credential; leave it out.", "tenant-mismatch")
    return principal.tenant


def sent_credential(request: web.Request) -> str:
    """Return the credential of the Authorization header. Raises CredentialError without a good one."""
    sent = request.headers.getall("Authorization", [])
    if not sent:
        raise CredentialError(MISSING, "credential-missing")
    scheme, _, credential = sent[0].partition(" ")
    if len(sent) > 1 or scheme.lower() != "bearer" or not credential.strip():
        raise CredentialError(SCHEME)
    return credential.strip()


async def refuse(socket: web.WebSocketResponse, error: SignalStreamError) -> None:
    """Close a socket with the code and the word of what it was refused for."""
    if isinstance(error, CredentialError):
        is_over = error.word in {"credential-expired", "credential-revoked"}
        await socket.close(code=CloseCode.EXPIRED if is_over else CloseCode.REFUSED, message=error.word.encode())
    elif isinstance(error, ForbiddenError):
        await socket.close(code=CloseCode.FORBIDDEN, message=error.word.encode())
    elif isinstance(error, ProblemError) and error.status == 429:
        await socket.close(code=CloseCode.LIMITED, message=error.word.encode())
    else:
        await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"authentication-unavailable")


def _frame_credential(data: object) -> str:
    try:
        return Authenticate.model_validate_json(data if isinstance(data, str) else b"", strict=True).token
    except ValidationError as error:
        raise CredentialError(MISSING_FRAME, "credential-missing") from error


def _local_tenant(request: web.Request, settings: Settings) -> str:
    named = request.query.get("tenant_id", "")
    return named if is_tenant_id(named) else settings.default_tenant or LOCAL_CREDENTIAL
