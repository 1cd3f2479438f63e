"""What leaves the process: a turn's redacted texts and who wrote them, nothing else.

Every text goes through the local search for personal data, patterns and model, right before it is sent. When that
search fails, or finds less than it was built for, nothing is sent. Ids, names, channels, times and metadata never are.
What a tenant's policy lets stand in texts stands in what is sent too (``pii_policy``).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from signalstream.ai.local.intent_rules import GENERAL
from signalstream.ai.local.pii_finder import PersonalDataFinder
from signalstream.ai.local.pii_policy import Policy
from signalstream.ai.local.sentiment_evidence import EvidenceFinder
from signalstream.ai.local.taxonomy import ANY_TENANT, DEFAULT, Taxonomy
from signalstream.ai.local.voices import Voices, listen
from signalstream.ai.remote.fencing import Token, visible
from signalstream.core.placeholders import placeholders, redacted
from signalstream.core.redaction import PLACEHOLDER, Span
from signalstream.core.tags import TagOf
from signalstream.errors import AnalystWithheldError
from signalstream.models.conversation import KnownValues, Turn

ID_BYTES = 6
KEPT_SCORES = 16_384


@dataclass(frozen=True)
class OutgoingTurn:
    """A turn that may be sent: ``id`` names it in one question, ``voices`` are its redacted texts, ``labels`` intents.

    The rest stays here: the turn as it was written and what was found in it, to read the answer by. ``score`` is the
    local rules' sentiment of a redacted text, -1 to 1.
    """

    id: str
    voices: Voices
    labels: tuple[str, ...]
    turn: Turn = field(repr=False)
    spans: tuple[Span, ...]
    known: KnownValues = field(repr=False)
    policy: Policy
    score: Callable[[str], float] = field(repr=False)
    tag_of: TagOf | None = field(default=None, repr=False)

    @property
    def tenant_id(self) -> str:
        """Whose turn it is."""
        return self.turn.message.tenant_id

    def originals(self) -> dict[str, str]:
        """Return placeholder -> value for what was found in the turn's own message and not taken out of it before."""
        text = self.turn.message.text
        names = placeholders(self.known, text, self.spans, self.tag_of)
        pairs = zip(reversed(names), reversed(self.spans), strict=True)
        return {name: text[span.start : span.end] for name, span in pairs}

    def placeholders(self) -> frozenset[str]:
        """Return every placeholder in what is sent."""
        return frozenset(match[0] for _, text in self.voices.lines for match in PLACEHOLDER.finditer(text))


class Outgoing:
    """Prepares turns. The finder must have been started; ``taxonomies`` are tenants' own intents."""

    def __init__(
        self,
        finder: PersonalDataFinder,
        taxonomies: Mapping[str, Taxonomy] | None = None,
        token: Token = secrets.token_hex,
    ) -> None:
        self._finder = finder
        self._labels = {tenant: _labels(one) for tenant, one in {ANY_TENANT: DEFAULT, **(taxonomies or {})}.items()}
        self._token = token
        self._evidence = EvidenceFinder()
        self._scores: dict[bytes, float] = {}  # by digest: a message is scored again in each turn that follows it

    async def redacted(self, turn: Turn) -> OutgoingTurn:
        """Return what may be sent of a turn. Raises AnalystWithheldError when its texts cannot be searched."""
        if not self._finder.ready:
            reason = self._finder.missing or "it has not been started"
            raise AnalystWithheldError(f"nothing was sent: the search for personal data is not whole ({reason})")
        tenant = turn.message.tenant_id
        try:
            spans = await self._finder.find(tenant, turn.message.text)
            known = await self._finder.known(turn)
            found = await self._finder.redacted(turn)
            tag_of = self._finder.tag_of(turn)
            texts = {text: await self._as_read(turn, plain, known) for text, plain in found.items()}
        except Exception as error:
            # The cause is named by its type: its message may quote the text.
            raise AnalystWithheldError(
                f"nothing was sent: the search for personal data failed ({type(error).__name__})"
            ) from error
        return OutgoingTurn(
            id=self._token(ID_BYTES),
            voices=listen(turn, texts.__getitem__),
            labels=self._labels.get(tenant, self._labels[ANY_TENANT]),
            turn=turn,
            spans=spans,
            known=known,
            policy=self._finder.policy(tenant),
            score=self._score,
            tag_of=tag_of,
        )

    async def _as_read(self, turn: Turn, text: str, known: KnownValues) -> str:
        """Return a redacted text as it is sent. Where that shows what unseen characters hid, it is searched again."""
        read = visible(text)
        if read == text:
            return read
        spans = await self._finder.find(turn.message.tenant_id, read)
        return redacted(read, spans, known, self._finder.tag_of(turn))

    def _score(self, text: str) -> float:
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        known = self._scores.get(digest)
        if known is None:
            known = self._scores[digest] = self._evidence.find(PLACEHOLDER.sub(" ", text)).score
            if len(self._scores) > KEPT_SCORES:
                del self._scores[next(iter(self._scores))]
        return known


def _labels(taxonomy: Taxonomy) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*taxonomy.labels, GENERAL)))
