"""``GET …/messages/{message_id}/original``: a message as it was written, for who may read that. It is audited."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from signalstream.settings import Settings
from signalstream.web.authentication import principal_of
from signalstream.web.forwarding import Forwarder
from signalstream.web.parameters import conversation_of
from signalstream.web.problems import ProblemError, invalid
from signalstream.web.routes import ORIGINAL_PATH
from signalstream.web.services import Originals

NOT_KEPT = (
    "No original of this message is kept for this tenant: its policy is not redacted_and_sealed_original, the message "
    "is not known, or its time has passed."
)


class OriginalView:
    """Gives out originals, at the worker that owns the conversation."""

    def __init__(self, originals: Originals | None, forwarder: Forwarder, settings: Settings) -> None:
        self._originals, self._forwarder, self._settings = originals, forwarder, settings

    async def get(self, request: web.Request) -> web.Response:
        """Answer once the reading is in the audit log."""
        message_id = _message_id(request)
        key = conversation_of(request, self._settings)
        path = ORIGINAL_PATH.replace("{message_id}", str(message_id))
        relayed = await self._forwarder.from_owner(request, key, path)
        if relayed is not None:
            return relayed.response()
        actor = principal_of(request).credential
        original = await self._originals.read(key, message_id, actor) if self._originals else None
        if original is None:
            raise ProblemError(404, NOT_KEPT)
        body = original.model_dump_json().encode()
        return web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-store"})


def _message_id(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["message_id"])
    except ValueError as error:
        raise invalid(("message_id", "must be a UUID")) from error
