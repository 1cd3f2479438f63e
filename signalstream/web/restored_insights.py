"""``GET …/insights/originals``: the insight with what its placeholders stand for, for who may see that; audited."""

from __future__ import annotations

import orjson
from aiohttp import web

from signalstream.core.keys import ConversationKey
from signalstream.core.restoring import placeholders_in, restored
from signalstream.settings import Settings
from signalstream.web.authentication import principal_of
from signalstream.web.forwarding import Forwarder
from signalstream.web.parameters import conversation_of
from signalstream.web.problems import unseen
from signalstream.web.routes import RESTORED_PATH
from signalstream.web.services import ConversationReader, Originals

MOST_MESSAGES = 20  # whose originals are read for one answer: the newest


class RestoredInsightView:
    """Gives out insights with originals, at the worker that owns the conversation."""

    def __init__(
        self, reader: ConversationReader, originals: Originals | None, forwarder: Forwarder, settings: Settings
    ) -> None:
        self._reader, self._originals = reader, originals
        self._forwarder, self._settings = forwarder, settings

    async def get(self, request: web.Request) -> web.Response:
        """Answer with the insight; each message whose original was read for it is in the audit log by then."""
        key = conversation_of(request, self._settings)
        relayed = await self._forwarder.from_owner(request, key, RESTORED_PATH)
        if relayed is not None:
            return relayed.response()
        insight = self._reader.insight(key)
        if insight is None:
            raise unseen()
        shown = insight.model_dump(mode="json")
        values = await self._values(key, placeholders_in(shown), principal_of(request).credential)
        body = orjson.dumps(restored(shown, values))
        return web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-store"})

    async def _values(self, key: ConversationKey, wanted: frozenset[str], actor: str) -> dict[str, str]:
        """Read from the newest message on, no more of them than it takes to know every placeholder."""
        values: dict[str, str] = {}
        view = self._reader.conversation(key, MOST_MESSAGES) if wanted else None
        for message in reversed(view.messages if view is not None else ()):
            if self._originals is None or wanted <= values.keys():
                break
            if original := await self._originals.read(key, message.message_id, actor):
                values |= original.values
        return values
