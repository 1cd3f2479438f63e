"""Whose an entry is: a model that answers for several conversations at once may swap two of their ids.

Ids alone do not show that. So an entry's words are compared with what was sent: they must rest on its own conversation,
and must not fit another one of the same question better. Both of such a pair are asked again, each alone: the other's
entry may be silent, as that of a message without personal data is.

Only words count that one conversation of the question has, and one entry of the answer, so that what everybody says
speaks for nobody. Words are compared folded; scripts without spaces by pairs of letters. Two conversations that say the
same cannot be told apart, and a swap between them changes little.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.ai.remote.wire import Entry, InsightsEntry, PiiEntry, SentimentEntry, SummaryEntry
from signalstream.core.text import folded

LEAST_LETTERS = 4
"""Of a word that counts where models may paraphrase: shorter ones are the glue of every text."""
QUOTED = 0.5  # of the evidence's words must have been written: models change a form or leave a word out
_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


def said_in(turn: OutgoingTurn) -> frozenset[str]:
    """Return the words of everything that was sent of a turn."""
    return words_of("\n".join(text for _, text in turn.voices.lines))


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, folded; of scripts without spaces each pair of letters."""
    return frozenset(one for word in _WORD.findall(folded(text)) for one in _units(word))


def strangers(entries: Mapping[str, Entry], said: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the ids of entries that may belong to another conversation; ``said`` holds every conversation's words."""
    own = _alone(said)
    telling = _alone({id_: _telling(entry) for id_, entry in entries.items()})
    found = _swapped(telling, own)
    for id_, entry in entries.items():
        if isinstance(entry, PiiEntry):
            found |= _quoting_others(id_, entry, said)
        else:
            found |= _fitting_others(id_, telling[id_], own)
        if isinstance(entry, SentimentEntry) and not _rests_on(entry, said[id_]):
            found.add(id_)
    return frozenset(found)


def _alone(words: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Return of each only the words that no other has."""
    within = Counter(word for mine in words.values() for word in mine)
    return {id_: frozenset(word for word in mine if within[word] == 1) for id_, mine in words.items()}


def _quoting_others(id_: str, entry: PiiEntry, said: Mapping[str, frozenset[str]]) -> set[str]:
    found: set[str] = set()
    for words in (words_of(item.quote) for item in entry.entities):
        if words and not words <= said[id_]:
            others = {other for other, theirs in said.items() if other != id_ and words <= theirs}
            found |= {id_, *others} if others else set()
    return found


def _fitting_others(id_: str, words: frozenset[str], own: Mapping[str, frozenset[str]]) -> set[str]:
    enough = max(2, 2 * len(words & own[id_]) + 1)
    others = {other for other, theirs in own.items() if other != id_ and len(words & theirs) >= enough}
    return {id_, *others} if others else set()


def _swapped(telling: Mapping[str, frozenset[str]], own: Mapping[str, frozenset[str]]) -> set[str]:
    """Return pairs each of which fits the other better than itself, be it by a single word."""
    better = {
        (id_, other)
        for id_, mine in telling.items()
        for other, theirs in own.items()
        if other != id_ and len(mine & theirs) > len(mine & own[id_])
    }
    return {one for one, other in better if (other, one) in better}


def _rests_on(entry: SentimentEntry, said: frozenset[str]) -> bool:
    words = words_of(entry.evidence)
    return bool(words) and len(words & said) >= QUOTED * len(words)


def _telling(entry: Entry) -> frozenset[str]:
    return frozenset(word for word in words_of(" ".join(_texts(entry))) if _tells(word))


def _texts(entry: Entry) -> tuple[str, ...]:
    match entry:
        case SentimentEntry():
            return (entry.evidence,)
        case PiiEntry():
            return tuple(item.quote for item in entry.entities)
        case InsightsEntry():
            return (*entry.concerns, entry.urgency_evidence, *entry.actions, entry.response)
        case SummaryEntry():
            return (entry.tldr, entry.customer_issue, entry.agent_response, *entry.key_points, *entry.next_steps)
    raise TypeError(f"{type(entry).__name__} has no texts to compare")


def _tells(word: str) -> bool:
    return len(word) >= LEAST_LETTERS or word.isdigit() or _UNSPACED.match(word) is not None


def _units(word: str) -> Iterator[str]:
    if _UNSPACED.search(word) is None or len(word) == 1:
        yield word
    else:
        yield from (word[at : at + 2] for at in range(len(word) - 1))
