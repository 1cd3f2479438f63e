"""Personal data of a text: checked patterns first, then the model, then what the tenant asks.

Without the model it finds by patterns alone, and says so in ``engine`` and ``health``.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from signalstream.ai.local.aside import aside
from signalstream.ai.local.batching import Batches
from signalstream.ai.local.kept import Kept
from signalstream.ai.local.pii import PatternDetector
from signalstream.ai.local.pii_model import model_spans
from signalstream.ai.local.pii_policy import Policies, Policy
from signalstream.core import tags
from signalstream.core.keys import ConversationKey
from signalstream.core.placeholders import learned, placeholders, redacted
from signalstream.core.redaction import Span, apply_spans, joined
from signalstream.core.tagged import WayBack, names_of, places
from signalstream.errors import ModelUnavailableError
from signalstream.models.conversation import KnownValues, Turn
from signalstream.models.intelligence import Pii, PiiEntity

if TYPE_CHECKING:
    from signalstream.ai.local.ner import Reading

KEPT_SEARCHES = 2048
KEPT_FINDINGS = 16_384  # 14 MB: turns bring their context along, and a thousand conversations must not search it anew
LARGEST_BATCH = 16
log = structlog.get_logger()


class Tagger(Protocol):
    """A model that says for each word how likely it is what; ``labels`` name the columns of its figures."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels, in the order of the columns."""
        ...

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Return a reading for each text."""
        ...


def _rampart() -> Tagger:
    from signalstream.ai.local.ner import Rampart  # noqa: PLC0415 - NumPy's 16 MB, for who loads a model

    return Rampart()


class PersonalDataFinder:
    """Finds personal data. The model works in a thread of its own between ``start`` and ``stop``."""

    def __init__(
        self,
        policies: Policies | None = None,
        load: Callable[[], Tagger] | None = _rampart,
        patterns: PatternDetector | None = None,
        tagger: tags.Tagger | None = None,
    ) -> None:
        self._tagger = tagger
        self._policies = policies or Policies()
        self._load = load
        self._patterns = patterns or PatternDetector()
        self._missing: str | None = None
        self._batches: Batches[Reading] | None = None
        self._labels: tuple[str, ...] = ()
        self._certainties: Kept[tuple[Span, ...]] = Kept(KEPT_SEARCHES)
        self._searches: Kept[tuple[Span, ...]] = Kept(KEPT_FINDINGS)

    def without_model(self) -> PersonalDataFinder:
        """Return one that finds by patterns alone, for the same tenants' policies, and waits for no thread."""
        return PersonalDataFinder(self._policies, None, self._patterns, tagger=self._tagger)

    async def start(self) -> None:
        """Load the model, in a thread; without its files go on by patterns alone."""
        if self._load is None or self._batches is not None:
            return
        try:
            model = await asyncio.to_thread(self._load)
        except ModelUnavailableError as error:
            self._missing = str(error)
            log.warning("analyst.model_missing", task="pii", reason=self._missing, instead="patterns")
            return
        self._missing, self._labels = None, model.labels
        self._searches.clear()  # what was found without the model
        self._batches = Batches("names and addresses", model.read, largest=LARGEST_BATCH)
        self._batches.start()

    async def stop(self) -> None:
        """End the model's thread."""
        if self._batches is not None:
            batches, self._batches = self._batches, None
            await batches.stop()
        self._searches.clear()

    @property
    def engine(self) -> str:
        """What finds: ``patterns+rampart``, or ``patterns`` alone."""
        return "patterns" if self._batches is None else "patterns+rampart"

    @property
    def missing(self) -> str | None:
        """Why the model is not there, or None."""
        return self._missing

    @property
    def ready(self) -> bool:
        """Whether it finds all that it was built to find: not before ``start``, nor without the model's files."""
        return self._load is None or self._batches is not None

    def policy(self, tenant_id: str) -> Policy:
        """Return what a tenant asks of the search."""
        return self._policies.of(tenant_id)

    def by_patterns(self, tenant_id: str, text: str) -> tuple[Span, ...]:
        """Return what patterns find and the tenant does not allow: at once, without the model."""
        return self._admitted(tenant_id, text, self._patterns.find(text))

    async def find(self, tenant_id: str, text: str) -> tuple[Span, ...]:
        """Return what patterns and model find and the tenant does not allow: no overlaps, in order, in code points."""
        return await self._searches.of(_key(tenant_id, text), partial(self._search, tenant_id, text))

    def foresee(self, tenant_id: str, text: str) -> None:
        """Begin to search a text that will be asked for; wait for nothing. Only while the model has nothing to do."""
        if self._batches is not None and self._batches.idle:
            self._searches.begin(_key(tenant_id, text), partial(self._search, tenant_id, text))

    async def _search(self, tenant_id: str, text: str) -> tuple[Span, ...]:
        if self._batches is None or not any(character.isalnum() for character in text):
            return self._admitted(tenant_id, text, await self._certain(text))
        # At the same time: the model's thread reads while patterns are looked for here.
        reading, certain = await asyncio.gather(self._batches.submit(text), self._certain(text))
        return await aside(len(text), partial(self._joined, tenant_id, text, certain, reading))

    async def _certain(self, text: str) -> tuple[Span, ...]:
        return await self._certainties.of(text, partial(aside, len(text), partial(self._patterns.find, text)))

    def _joined(self, tenant_id: str, text: str, certain: tuple[Span, ...], reading: Reading) -> tuple[Span, ...]:
        least = self._policies.of(tenant_id).thresholds
        likely = model_spans(text, reading, self._labels, least, certain=bool(certain))
        return self._admitted(tenant_id, text, joined(text, certain, likely))

    async def redacted(self, turn: Turn) -> dict[str, str]:
        """Return the turn's texts, its own and those of its context, each with its redacted form."""
        texts = _texts_of(turn)
        found = await _together([self.find(turn.message.tenant_id, text) for text in texts])
        known, tag_of = await self.known(turn), self.tag_of(turn)
        pairs = tuple(zip(texts, found, strict=True))
        return await aside(
            sum(len(text) for text in texts),
            lambda: {text: redacted(text, spans, known, tag_of) for text, spans in pairs},
        )

    async def without_patterns(self, turn: Turn) -> dict[str, str]:
        """Return the turn's texts, each with a space in the place of what patterns find and the tenant does not allow.

        Names that only the model finds are left in them.
        """
        texts = _texts_of(turn)
        found = await _together([self._certain(text) for text in texts])
        admitted = (self._admitted(turn.message.tenant_id, *pair) for pair in zip(texts, found, strict=True))
        return {text: apply_spans(text, spans, [" "] * len(spans)) for text, spans in zip(texts, admitted, strict=True)}

    def tag_of(self, turn: Turn) -> tags.TagOf | None:
        """Return what makes the tags by which the turn's conversation knows values; None where it has salted ones."""
        if turn.message.found is None or self._tagger is None:
            return None
        return self._tagger.of(ConversationKey(turn.message.tenant_id, turn.message.conversation_id))

    async def known(self, turn: Turn) -> KnownValues:
        """Return what the turn's conversation knows; a turn that comes from none is numbered from 1, for itself."""
        known = turn.known
        if not known.salt:
            for text in (*(kept.text for kept in turn.context), turn.message.text):
                known = learned(known, text, await self.find(turn.message.tenant_id, text))
        return known

    def _admitted(self, tenant_id: str, text: str, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        policy = self._policies.of(tenant_id)
        return tuple(span for span in spans if policy.admits(span, text[span.start : span.end]))


def _key(tenant_id: str, text: str) -> str:
    return f"{tenant_id}/{text}"


async def _together(searches: Sequence[Coroutine[Any, Any, tuple[Span, ...]]]) -> Sequence[tuple[Span, ...]]:
    """Return what the searches find, in their order; a single one, as of a conversation's first turn, needs no task."""
    return [await searches[0]] if len(searches) == 1 else await asyncio.gather(*searches)


def _texts_of(turn: Turn) -> tuple[str, ...]:
    return tuple(dict.fromkeys((turn.message.text, *(kept.text for kept in turn.context))))


async def analyse_pii(finder: PersonalDataFinder, turn: Turn) -> Pii:
    """Return the entities of the turn's own message and the message without them."""
    spans = await finder.find(turn.message.tenant_id, turn.message.text)
    return pii_of(turn, spans, await finder.known(turn), finder.tag_of(turn))


def pii_of(turn: Turn, spans: Sequence[Span], known: KnownValues, tag_of: tags.TagOf | None = None) -> Pii:
    """Return what the spans found in the turn's own message are, together with what was taken out of it before.

    They must not overlap, and be in order. Entities have their places in what was written.
    """
    message = turn.message
    found = message.found or ()
    kept = names_of(found, known)
    stand = places(found, kept)
    whole = joined(message.text, stand, spans) if found else tuple(spans)
    names = _names(whole, placeholders(known, message.text, whole, tag_of), stand, kept)
    back = WayBack(found, stand)
    entities = tuple(
        PiiEntity(
            type=span.kind,
            start_index=start,
            end_index=end,
            placeholder=name,
            confidence=span.confidence,
            detector=span.detector,
            message_id=message.message_id,
            seq=turn.seq,
        )
        for span, name, (start, end) in zip(whole, names, map(back.origin, whole), strict=True)
    )
    return Pii(has_pii=bool(entities), entities=entities, redacted_text=apply_spans(message.text, whole, names))


def _names(whole: Sequence[Span], fresh: Sequence[str], stand: Sequence[Span], kept: Sequence[str]) -> tuple[str, ...]:
    """Return the name of each span: that which stands in it already, else a fresh one."""
    starts = [span.start for span in stand]
    names = []
    for span, name in zip(whole, fresh, strict=True):
        first = bisect_left(starts, span.start)
        names.append(kept[first] if first < len(starts) and starts[first] < span.end else name)
    return tuple(names)
