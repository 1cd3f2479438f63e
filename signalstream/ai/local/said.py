"""The sentences of a conversation, each with who said it and where: what summary, requests and promises are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from signalstream.ai.local.voices import Voices
from signalstream.core.redaction import PLACEHOLDER
from signalstream.core.text import folded, sentences, shortened
from signalstream.models.intelligence import Sentence
from signalstream.models.messages import Sender

MESSAGES_READ = 24
SENTENCES_OF_A_MESSAGE = 16
SENTENCES_READ = 48
SENTENCE_CHARACTERS = 200
SPEAKERS = {Sender.CUSTOMER: "Customer", Sender.AGENT: "Agent", Sender.SYSTEM: "System"}
_FILLERS = (
    "oh|well|yes|yeah|yep|ok|okay|sure|hi|hello|hey|so|and|but|then|now|please|i'm sorry|excuse me|actually|really|"
    "of course|certainly|good morning|good afternoon|good evening|alright|all right|ah|um|uh|hmm|i think|i'm afraid|"
    "i guess|hola|bonjour|hallo|guten tag|buongiorno|ciao|olá"
)
_FILLERS_BEFORE_A_MARK = "no|right|thanks|thank you|sorry|great|i see|you know|i mean|let me see|let's see"
"""Without a mark behind them they are part of what is said: "No parcel came", "I see both charges"."""
_OPENING = re.compile(rf"(?:(?:(?:{_FILLERS})\b|(?:{_FILLERS_BEFORE_A_MARK})(?= ?[,.!:-]))[ ,.!:-]*)+", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """A sentence. ``line`` is the place of its message among those read; ``plain`` is folded, without placeholders."""

    sender: Sender
    line: int
    seq: int
    message_id: UUID
    text: str
    plain: str
    opens: bool

    @property
    def core(self) -> str:
        """The sentence without what it opens with and what says nothing, as in "Oh, well, ..."."""
        opening = _OPENING.match(self.text)
        rest = self.text[opening.end() :] if opening else self.text
        return rest if len(rest.split()) >= 3 else self.text

    @property
    def shown(self) -> str:
        """The sentence with its speaker, at most SENTENCE_CHARACTERS long."""
        return shortened(f"{SPEAKERS[self.sender]}: {self.core}", SENTENCE_CHARACTERS)

    def sentence(self) -> Sentence:
        """Return it as it travels."""
        text = shortened(self.text, SENTENCE_CHARACTERS)
        return Sentence(text=text, sender=self.sender, seq=self.seq, message_id=self.message_id)


def said_in(voices: Voices) -> tuple[Said, ...]:
    """Return the sentences of the newest messages, oldest first: SENTENCES_READ at most, the first few among them."""
    found = tuple(_read(voices))
    if len(found) <= SENTENCES_READ:
        return found
    first = SENTENCES_READ // 6
    return (*found[:first], *found[first - SENTENCES_READ :])


def _read(voices: Voices) -> Iterator[Said]:
    newest = list(zip(voices.lines, voices.places, strict=True))[-MESSAGES_READ:]
    for line, ((sender, text), (seq, message_id)) in enumerate(newest):
        for place, sentence in enumerate(sentences(text, SENTENCES_OF_A_MESSAGE)):
            plain = folded(PLACEHOLDER.sub(" ", shortened(sentence, 2 * SENTENCE_CHARACTERS)))
            yield Said(sender, line, seq, message_id, sentence, plain, opens=place == 0)
