"""``GET /v1/conversations…``: what is known of a conversation, read from the worker that owns it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel

from signalstream.core.keys import ConversationKey
from signalstream.errors import OwnerUnavailableError
from signalstream.models.intelligence import AgentStatus, Completeness, Insight
from signalstream.settings import Settings
from signalstream.web.copies import CopyReads
from signalstream.web.forwarding import Forwarder, Relayed
from signalstream.web.parameters import conversation_of, limit_of, tenant_of
from signalstream.web.problems import ProblemError, invalid, unseen
from signalstream.web.routes import CONVERSATION_PATH, INSIGHTS_PATH, TIMELINE_PATH
from signalstream.web.services import ConversationReader, Ingest, LiveUpdate, LiveView

M = TypeVar("M", bound=BaseModel)

# Shared caches must not keep it, and a browser asks again with If-None-Match.
CACHE = "private, no-cache"


class ConversationViews:
    """Reads of one conversation, forwarded to its owner, and the list of recent ones."""

    def __init__(
        self,
        *,
        reader: ConversationReader,
        live: LiveView,
        ingest: Ingest,
        forwarder: Forwarder,
        settings: Settings,
        agents: Sequence[str],
        copies: CopyReads,
    ) -> None:
        self._reader = reader
        self._live = live
        self._ingest = ingest
        self._forwarder = forwarder
        self._settings = settings
        self._agents = tuple(agents)
        self._copies = copies

    async def insights(self, request: web.Request) -> web.Response:
        """Answer with the insight and its revision as ETag."""
        key = conversation_of(request, self._settings)

        async def fresh() -> web.Response:
            found = await self.find_insight(request, key)
            return found.response() if isinstance(found, Relayed) else _insight_response(request, _seen(found))

        def read() -> web.Response | None:
            found = self._reader.insight(key)
            return _insight_response(request, found) if found else None

        return await self._copies.answer(request, key, INSIGHTS_PATH, fresh, read)

    async def find_insight(self, request: web.Request, key: ConversationKey) -> Insight | Relayed | None:
        """Return the insight read here, or the owner's answer, or None for a conversation that nobody has seen.

        A message that this process accepted a moment ago counts as seen: its insight has completeness ``none``.
        """
        relayed = await self._forwarder.from_owner(request, key, INSIGHTS_PATH)
        if relayed is not None and relayed.status != 404:
            return relayed
        insight = self._reader.insight(key) if relayed is None else None
        if insight is None and self._ingest.recently_accepted(key):
            return pending_insight(key, self._agents)
        return insight

    async def conversation(self, request: web.Request) -> web.Response:
        """Answer with the state and its newest messages, redacted."""
        key = conversation_of(request, self._settings)
        limit = limit_of(request, default=50, highest=500)
        return await self._rows(request, key, CONVERSATION_PATH, lambda: self._reader.conversation(key, limit))

    async def timeline(self, request: web.Request) -> web.Response:
        """Answer with the windows."""
        key = conversation_of(request, self._settings)
        return await self._rows(request, key, TIMELINE_PATH, lambda: self._reader.timeline(key))

    async def _rows(
        self, request: web.Request, key: ConversationKey, path: str, rows: Callable[[], BaseModel | None]
    ) -> web.Response:
        async def fresh() -> web.Response:
            relayed = await self._forwarder.from_owner(request, key, path)
            return relayed.response() if relayed else _model(_seen(rows()))

        def read() -> web.Response | None:
            found = rows()
            return _model(found) if found else None

        return await self._copies.answer(request, key, path, fresh, read)

    async def recent(self, request: web.Request) -> web.Response:
        """Answer with the tenant's conversations, newest change first."""
        tenant = tenant_of(request, self._settings)
        limit = limit_of(request, default=50, highest=100)
        try:
            page = self._live.page(tenant, limit, request.query.get("cursor"))
        except ValueError as error:
            raise invalid(("cursor", "must be a next_cursor of an earlier answer")) from error
        return _json(page.model_dump_json().encode())

    async def current(self, request: web.Request, key: ConversationKey, known: int) -> LiveUpdate | None:
        """Return the insight to begin a live stream with, or None when there is none yet.

        The owner is asked when this worker has seen none, or only one older than the revision ``known`` to the client.
        Raises OwnerUnavailableError or ProblemError (503) while its owner cannot be asked.
        """
        latest = self._live.latest(key)
        if latest is not None and latest.insight.revision >= known:
            return latest
        found = await self.find_insight(request, key)
        if isinstance(found, Relayed):
            found = _relayed_insight(found)  # a frame cannot say that it is stale
        if found is None or found.completeness is Completeness.NONE:
            return latest
        return LiveUpdate(found)


def pending_insight(key: ConversationKey, agents: Sequence[str]) -> Insight:
    """Return the picture of a conversation whose first message is on its way: nothing known, every agent pending."""
    return Insight(
        conversation_id=key.conversation_id,
        tenant_id=key.tenant_id,
        revision=0,
        completeness=Completeness.NONE,
        last_seq=0,
        agents={agent: AgentStatus(status="pending") for agent in agents},
    )


def matches(request: web.Request, tag: str) -> bool:
    """Say whether ``If-None-Match`` holds the opaque ``tag``: weak comparison, as RFC 9110 13.1.2 asks for."""
    return any(sent.value in ("*", tag) for sent in request.if_none_match or ())


def _insight_response(request: web.Request, insight: Insight) -> web.Response:
    tag = str(insight.revision)
    headers = {"ETag": f'"{tag}"', "Cache-Control": CACHE}
    if matches(request, tag):
        return web.Response(status=304, headers=headers)
    return web.Response(body=insight.model_dump_json().encode(), content_type="application/json", headers=headers)


def _relayed_insight(relayed: Relayed) -> Insight:
    if relayed.is_stale:
        raise OwnerUnavailableError("the owner answers from a copy only")
    if relayed.status != 200:
        raise ProblemError(503, f"The worker that holds this conversation answered {relayed.status}.")
    return Insight.model_validate_json(relayed.body)


def _seen(model: M | None) -> M:
    if model is None:
        raise unseen()
    return model


def _model(model: BaseModel) -> web.Response:
    return _json(model.model_dump_json().encode())


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json", headers={"Cache-Control": CACHE})
