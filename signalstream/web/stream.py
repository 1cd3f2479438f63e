"""``WS /ws/conversations/{id}/stream``: the insight as it is now, then every change, each with its ``id``."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, suppress

import orjson
import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.base_protocol import BaseProtocol

from signalstream.core.keys import ConversationKey
from signalstream.errors import CredentialError, OwnerUnavailableError
from signalstream.models.base import Model
from signalstream.settings import Settings
from signalstream.web.authentication import ROUTE, CloseCode, Guard, is_authenticated, refuse
from signalstream.web.conversations import ConversationViews
from signalstream.web.frames import Connected, ConversationErased, NotUnderstood, Pong
from signalstream.web.limits import TenantLimits
from signalstream.web.live import is_older
from signalstream.web.parameters import conversation_id_of, conversation_of
from signalstream.web.problems import ProblemError
from signalstream.web.services import Erased, LiveUpdate, LiveView, Subscription
from signalstream.web.sockets import CLOSE_SECONDS, OpenSockets
from signalstream.web.standing import StandingChecks
from signalstream.web.strangers import Strangers

MAX_INCOMING_BYTES = 4096
MAX_CREDENTIAL_BYTES = 10_000
FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 5.0
MAX_ID_DIGITS = 18
PONG = Pong()
NOT_UNDERSTOOD = NotUnderstood(detail='Only ping, as text or as {"type":"ping"}, is understood here.')

_log = structlog.get_logger("signalstream.web")


class StreamView:
    """Opens sockets and serves each until one side closes it."""

    def __init__(
        self,
        live: LiveView,
        conversations: ConversationViews,
        sockets: OpenSockets,
        settings: Settings,
        *,
        guard: Guard,
        limits: TenantLimits,
        strangers: Strangers,
    ) -> None:
        self._live = live
        self._conversations = conversations
        self._sockets = sockets
        self._settings = settings
        self._guard = guard
        self._standing = StandingChecks(guard.still_holds)
        self._limits = limits
        self._strangers = strangers

    async def get(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one socket, once it is known whose it is."""
        conversation_id_of(request)
        if is_authenticated(request):
            conversation_of(request, self._settings)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise ProblemError(426, "This path is a WebSocket.", headers={"Upgrade": "websocket"})
        self._sockets.admit()
        socket = self._socket(MAX_INCOMING_BYTES if is_authenticated(request) else MAX_CREDENTIAL_BYTES)
        with suppress(ConnectionError), ExitStack() as counted:
            if is_authenticated(request):
                counted.enter_context(self._limits.websocket(request))
                await self._follow(request, socket)
            elif await self._authenticated(request, socket, counted):
                await self._follow(request, socket)
        return socket

    def _socket(self, largest_frame: int) -> web.WebSocketResponse:
        heartbeat = self._settings.websocket_ping_seconds
        return web.WebSocketResponse(
            heartbeat=heartbeat,
            max_msg_size=largest_frame,
            timeout=CLOSE_SECONDS,
            compress=False,  # 105 KB more for each idle socket, and lengths would tell of content
        )

    async def _authenticated(self, request: web.Request, socket: web.WebSocketResponse, counted: ExitStack) -> bool:
        with self._strangers.websocket(request):
            await socket.prepare(request)
            async with self._sockets.holding(socket):
                if not await self._guard.by_first_frame(request, socket):
                    return False
        try:  # what a header's credential has gone through before the upgrade
            self._limits.count(request, request[ROUTE])
            counted.enter_context(self._limits.websocket(request))
        except ProblemError as error:
            await refuse(socket, error)
            return False
        return True

    async def _follow(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        """Send what there is and what changes. The subscription opens before anything is read: no change is lost."""
        key = conversation_of(request, self._settings)
        with self._live.subscribe(key) as updates:
            if not socket.prepared:
                await socket.prepare(request)
            async with self._sockets.holding(socket):
                stream = Stream(socket, request.protocol, key.conversation_id, request.query.get("last_event_id"))
                await self._serve(request, key, stream, updates)

    async def _serve(self, request: web.Request, key: ConversationKey, stream: Stream, updates: Subscription) -> None:
        try:
            heartbeat = self._settings.websocket_ping_seconds
            await stream.send(Connected(**key._asdict(), heartbeat_seconds=heartbeat))
            updates.offer_first(stream.send_at_once)
            await self._exchange(request, key, stream, updates)
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001  # after the upgrade no problem document can be sent any more
            _log.exception("stream_failed", tenant_id=key.tenant_id, conversation_id=key.conversation_id)
            await stream.socket.close(code=WSCloseCode.INTERNAL_ERROR)

    async def _exchange(
        self, request: web.Request, key: ConversationKey, stream: Stream, updates: Subscription
    ) -> None:
        why = StreamOver()
        try:
            async with asyncio.TaskGroup() as group:
                senders = (
                    group.create_task(_send_updates(stream, updates)),
                    group.create_task(self._send_current(request, key, stream)),
                    group.create_task(self._watch(request)),
                )
                await stream.answer_client()
                for sender in senders:
                    sender.cancel()
        except* StreamOver as over:
            why = next(each for each in over.exceptions if isinstance(each, StreamOver))
        # Where nobody reads any more: else the other end would not be waited for, and might not learn the code.
        await why.close(stream.socket)

    async def _watch(self, request: web.Request) -> None:
        """End the stream soon after its credential has expired or was revoked."""
        raise StreamOver(refused=await self._standing.refusal(request))

    async def _send_current(self, request: web.Request, key: ConversationKey, stream: Stream) -> None:
        """Send the insight as it is now; while its owner cannot be asked, try again until a change came first."""
        delay = FIRST_RETRY_SECONDS
        while stream.sent_revision is None:
            try:
                current = await self._conversations.current(request, key, stream.known or 0)
            except (OwnerUnavailableError, ProblemError):
                await asyncio.sleep(delay)
                delay = min(2 * delay, LONGEST_RETRY_SECONDS)
                continue
            if current is not None:
                await stream.begin_with(current)
            return


class StreamOver(Exception):  # noqa: N818  # an end, not an error
    """Ends a stream: with a refusal, with a code and a reason, or with nothing to say."""

    def __init__(self, *, refused: CredentialError | None = None, reason: bytes | None = None) -> None:
        super().__init__()
        self._refused, self._reason = refused, reason

    async def close(self, socket: web.WebSocketResponse) -> None:
        """Say good-bye, and wait a moment for the other end to say it too."""
        if self._refused is not None:
            await refuse(socket, self._refused)
        elif self._reason is not None:
            await socket.close(code=CloseCode.ERASED, message=self._reason)


class Stream:
    """One socket and what was sent on it: revisions only ever rise, and frames never mix.

    ``known`` is the revision that the client came back with, None without one. Nothing older is sent, though this
    worker's view may lag behind the one that the client was with before.
    """

    def __init__(
        self, socket: web.WebSocketResponse, protocol: BaseProtocol, conversation_id: str, last_event_id: str | None
    ) -> None:
        self.socket = socket
        self._protocol = protocol
        self._conversation_id = conversation_id
        self._erased = False
        self.sent_revision: int | None = None
        self.known = revision_of(last_event_id)
        self._sending = asyncio.Lock()

    async def send(self, frame: Model) -> None:
        """Send a JSON text frame."""
        async with self._sending:
            await self.socket.send_frame(frame.model_dump_json().encode(), WSMsgType.TEXT)

    async def begin_with(self, current: LiveUpdate) -> None:
        """Send the insight as it is now; an id beyond it is none of ours, and counts for nothing."""
        if self.known is not None and current.insight.revision < self.known:
            self.known = None
        await self.send_update(current)

    async def send_update(self, update: LiveUpdate) -> None:
        """Send an insight, unless this one or a newer one went out already, or the client came back with it."""
        async with self._sending:
            if self._goes_out(update):
                with suppress(ConnectionError):  # the reading side sees the end of the connection and ends the stream
                    await self.socket.send_frame(update.message, WSMsgType.TEXT)

    def send_at_once(self, update: LiveUpdate) -> bool:
        """Send an insight as ``send_update`` does, without a turn of a task; say False where it must wait its turn.

        It must while something else is being sent, while the reader is slow, and once the end has begun.
        """
        transport = self._protocol.transport
        if transport is None or self._sending.locked() or self._protocol.writing_paused:
            return False
        if self.socket.closed or transport.is_closing():
            return False
        if self._goes_out(update):
            transport.write(update.frame)
        return True

    def _goes_out(self, update: LiveUpdate) -> bool:
        """Say whether an insight is to be sent, and count it as sent."""
        revision = update.insight.revision
        sent = self.sent_revision if self.sent_revision is not None else (self.known or 0) - 1
        if self._erased or revision <= sent:
            return False
        self.sent_revision = revision
        return revision != self.known

    async def end_erased(self, erased: Erased) -> None:
        """Say that the conversation was erased, and end; not when what went out is of its new beginning.

        Raises StreamOver.
        """
        async with self._sending:
            if self._erased or (self.sent_revision is not None and not is_older(self.sent_revision, erased)):
                return
            self._erased = True
            with suppress(ConnectionError):
                frame = ConversationErased(conversation_id=self._conversation_id)
                await self.socket.send_frame(frame.model_dump_json().encode(), WSMsgType.TEXT)
        raise StreamOver(reason=b"tenant-erased" if erased.generation is None else b"conversation-erased")

    async def answer_client(self) -> None:
        """Read until the socket closes; answer pings, and say so when something else is sent."""
        async for message in self.socket:
            if message.type is WSMsgType.ERROR:
                return
            await self.send(PONG if is_ping(message.data) else NOT_UNDERSTOOD)


def revision_of(event_id: str | None) -> int | None:
    """Return the revision that an event id names; None when it is none of ours."""
    if event_id is None or len(event_id) > MAX_ID_DIGITS or not (event_id.isascii() and event_id.isdecimal()):
        return None
    return int(event_id)


def is_ping(data: object) -> bool:
    """Say whether a frame's payload is ``ping`` or ``{"type": "ping"}``."""
    if not isinstance(data, str):
        return False
    if data.strip() == "ping":
        return True
    with suppress(orjson.JSONDecodeError):
        document = orjson.loads(data)
        return isinstance(document, dict) and document.get("type") == "ping"
    return False


async def _send_updates(stream: Stream, updates: Subscription) -> None:
    async for update in updates:
        if isinstance(update, Erased):
            await stream.end_erased(update)
        else:
            await stream.send_update(update)
