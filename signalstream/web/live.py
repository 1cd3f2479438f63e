"""The live view of one process: the newest insight of recent conversations, for lists and for sockets.

Whoever reads ``support.ai.aggregated`` calls ``apply``; everything here runs in that one event loop.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from bisect import bisect_left, insort
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from signalstream.core.keys import ConversationKey
from signalstream.models.intelligence import Insight
from signalstream.models.live import ConversationItem, ConversationPage, Update
from signalstream.models.sparing import FieldNames
from signalstream.web.services import Erased, LiveUpdate

Place = tuple[int, str]
"""Where a conversation stands in its tenant's list: (time of its newest change in epoch milliseconds, its id)."""


@dataclass(frozen=True)
class _Entry:
    update: LiveUpdate
    place: Place


class CoalescingSubscription:
    """A socket's queue. When its reader is slow the oldest updates fall out; the newest one never does.

    Nor does an erasure, which takes what waits out with it.
    """

    def __init__(self, length: int) -> None:
        self._waiting: deque[LiveUpdate] = deque(maxlen=length)
        self._erased: Erased | None = None
        self._arrived = asyncio.Event()
        self._taken: Callable[[LiveUpdate], bool] | None = None

    def offer_first(self, taken: Callable[[LiveUpdate], bool]) -> None:
        """Ask ``taken`` from now on, while nothing waits, to send an update at once: only what it refuses waits.

        A reader that must be woken for each update costs four times as much.
        """
        self._taken = taken

    def put(self, update: LiveUpdate) -> bool:
        """Have an update sent, or queue it; say whether an older one had to make room."""
        if not self._waiting and self._erased is None and self._taken is not None and self._taken(update):
            return False
        is_full = len(self._waiting) == self._waiting.maxlen
        self._waiting.append(update)
        self._arrived.set()
        return is_full

    def erase(self, erased: Erased) -> None:
        """Queue an erasure in the place of all that waits."""
        self._waiting.clear()
        self._erased = erased
        self._arrived.set()

    def _next(self) -> LiveUpdate | Erased | None:
        erased, self._erased = self._erased, None
        return erased or (self._waiting.popleft() if self._waiting else None)

    async def __aiter__(self) -> AsyncIterator[LiveUpdate | Erased]:
        while True:
            while (next_one := self._next()) is not None:
                yield next_one
            self._arrived.clear()
            await self._arrived.wait()


class LiveConversations:
    """The newest insight of at most ``capacity`` conversations (of all tenants), the longest unchanged falls out.

    ``queue`` is how many updates wait for one slow socket. A list's order and its cursors depend on the records
    alone, so a cursor of one process is good in every other.
    """

    def __init__(self, capacity: int, queue: int = 8) -> None:
        self._capacity = capacity
        self._queue = queue
        self.dropped = 0  # updates that slow sockets did not get
        self._entries: OrderedDict[ConversationKey, _Entry] = OrderedDict()
        self._places: dict[str, list[Place]] = {}
        self._subscriptions: dict[ConversationKey, set[CoalescingSubscription]] = {}
        self._names = FieldNames()

    def apply(self, update: Update) -> None:
        """Take in a record of the topic. Repeats, older revisions and windows change nothing."""
        insight = update.insight
        key = ConversationKey(update.tenant_id, update.conversation_id)
        if update.kind == "erased":
            self._erase(key, Erased(update.generation))
            return
        known = self._entries.get(key)
        if insight is None or (known and insight.revision <= known.update.insight.revision):
            return
        self._names.share(insight)
        newest = LiveUpdate(insight)
        place = (int(update.emitted_at.timestamp() * 1000), key.conversation_id)
        self._forget(key)
        self._entries[key] = _Entry(newest, place)
        insort(self._places.setdefault(key.tenant_id, []), place)
        if len(self._entries) > self._capacity:
            self._forget(next(iter(self._entries)))
        for subscription in self._subscriptions.get(key, ()):
            self.dropped += subscription.put(newest)

    def latest(self, key: ConversationKey) -> LiveUpdate | None:
        """Return the newest update that this process has seen and still keeps."""
        entry = self._entries.get(key)
        return entry.update if entry else None

    @contextmanager
    def subscribe(self, key: ConversationKey) -> Iterator[CoalescingSubscription]:
        """Open a queue for a conversation; leaving the context closes it."""
        subscription = CoalescingSubscription(self._queue)
        self._subscriptions.setdefault(key, set()).add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions[key].discard(subscription)
            if not self._subscriptions[key]:
                del self._subscriptions[key]

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> ConversationPage:
        """Return at most ``limit`` conversations, newest change first. Raises ValueError for a cursor that is none.

        A conversation that changes while someone pages moves to the front: no page shows it twice.
        """
        places = self._places.get(tenant_id, [])
        end = bisect_left(places, decode_cursor(cursor)) if cursor is not None else len(places)
        start = max(0, end - limit)
        shown = places[start:end][::-1]
        keys = [ConversationKey(tenant_id, conversation) for _, conversation in shown]
        return ConversationPage(
            conversations=tuple(conversation_item(self._entries[key].update.insight) for key in keys),
            next_cursor=encode_cursor(shown[-1]) if start else None,
        )

    def forget_tenant(self, tenant_id: str) -> None:
        """Keep nothing of a tenant any longer, and tell its sockets: its data has been erased."""
        for _, conversation in list(self._places.get(tenant_id, ())):
            self._forget(ConversationKey(tenant_id, conversation))
        for key in [key for key in self._subscriptions if key.tenant_id == tenant_id]:
            self._erase(key, Erased())

    def _erase(self, key: ConversationKey, erased: Erased) -> None:
        entry = self._entries.get(key)
        if entry is not None and is_older(entry.update.insight.revision, erased):
            self._forget(key)
        for subscription in self._subscriptions.get(key, ()):
            subscription.erase(erased)

    def _forget(self, key: ConversationKey) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        places = self._places[key.tenant_id]
        del places[bisect_left(places, entry.place)]
        if not places:
            del self._places[key.tenant_id]


def is_older(revision: int, erased: Erased) -> bool:
    """Say whether the picture of a revision is of what was erased."""
    return erased.generation is None or revision < erased.generation


def conversation_item(insight: Insight) -> ConversationItem:
    """Return a conversation's line in the list."""
    sentiment, insights = insight.sentiment, insight.insights
    return ConversationItem(
        conversation_id=insight.conversation_id,
        tenant_id=insight.tenant_id,
        revision=insight.revision,
        completeness=insight.completeness,
        last_seq=insight.last_seq,
        last_updated=insight.last_updated,
        sentiment=sentiment.sentiment if sentiment else None,
        emotion=sentiment.emotion if sentiment else None,
        intent=insights.intent if insights else None,
        urgency=insights.urgency if insights else None,
        requires_escalation=insights.requires_escalation if insights else None,
        has_pii=insight.pii.has_pii if insight.pii else None,
        tldr=insight.summary.tldr if insight.summary else None,
    )


def encode_cursor(place: Place) -> str:
    """Return a place as opaque text that is safe in a query."""
    return base64.urlsafe_b64encode(f"{place[0]}/{place[1]}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Place:
    """Return the place of a cursor. Raises ValueError for text that ``encode_cursor`` never gave."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise ValueError("the cursor is not one") from error
    milliseconds, slash, conversation = text.partition("/")
    place = (int(milliseconds) if milliseconds.isascii() and milliseconds.isdigit() else 0, conversation)
    if not slash or encode_cursor(place) != cursor:
        raise ValueError("the cursor is not one")
    return place
