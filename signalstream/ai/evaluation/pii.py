"""How well personal data is found: figures from labelled texts and from what was found in them.

A labelled text is a line of JSON, ``{"text": ..., "entities": [{"type": ..., "start": ..., "end": ...}]}``; offsets are
code points, the end is not included. A text without entities counts for the share of clean texts that were flagged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import Field, ValidationError

from signalstream.errors import ConfigurationError
from signalstream.models.base import Model

LEAST_OVERLAP = 0.5
"""A found span counts as the labelled one of its type when they share this part of what either covers."""


class LabelledEntity(Model):
    """Personal data in a text: its type, and code points from ``start`` up to, not including, ``end``."""

    type: str = Field(min_length=1)
    start: int = Field(ge=0)
    end: int = Field(ge=1)


class LabelledText(Model):
    """A text with all the personal data in it."""

    text: str
    entities: tuple[LabelledEntity, ...] = ()


@dataclass
class _Counts:
    labelled: int = 0
    found: int = 0
    right: int = 0
    whole: int = 0


@dataclass
class _Tally:
    characters: int = 0
    masked: int = 0
    others: int = 0
    others_masked: int = 0
    clean: int = 0
    flagged: int = 0
    types: dict[str, _Counts] = field(default_factory=dict)

    def of(self, kind: str) -> _Counts:
        return self.types.setdefault(kind, _Counts())


def read_labelled(lines: Iterable[str]) -> Iterator[LabelledText]:
    """Yield the labelled texts of JSON Lines. Raises ConfigurationError that names the line which is not one."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            labelled = LabelledText.model_validate_json(line)
        except ValidationError as error:
            raise ConfigurationError(f"line {number} is no labelled text: {error.errors()[0]['msg']}") from error
        wrong = [one for one in labelled.entities if not one.start < one.end <= len(labelled.text)]
        if wrong:
            raise ConfigurationError(
                f"line {number}: the {wrong[0].type} at {wrong[0].start}-{wrong[0].end} does not lie in its text of "
                f"{len(labelled.text)} characters"
            )
        yield labelled


def pii_figures(texts: Sequence[LabelledText], found: Sequence[Sequence[LabelledEntity]]) -> dict[str, float]:
    """Return the figures, each a share from 0 to 1; one that has nothing to count is left out.

    ``characters_masked``: of the labelled letters and digits, whatever their type. ``entities_masked``: of the labelled
    entities, those of which no letter or digit is left. ``others_masked``: of all other letters and digits.
    ``clean_flagged``: of the texts without entities. ``precision/TYPE``, ``recall/TYPE``, ``masked/TYPE``: of a type.
    """
    tally = _Tally()
    for labelled, spans in zip(texts, found, strict=True):
        _count_text(tally, labelled, spans)
    return _figures(tally)


def _count_text(tally: _Tally, labelled: LabelledText, spans: Sequence[LabelledEntity]) -> None:
    masked = _places(labelled.text, spans)
    wanted = _places(labelled.text, labelled.entities)
    every = {place for place, character in enumerate(labelled.text) if character.isalnum()}
    tally.characters += len(wanted)
    tally.masked += len(wanted & masked)
    tally.others += len(every - wanted)
    tally.others_masked += len(masked - wanted)
    tally.clean += not labelled.entities
    tally.flagged += not labelled.entities and bool(spans)
    _count_entities(tally, labelled, spans, masked)


def _places(text: str, entities: Iterable[LabelledEntity]) -> set[int]:
    return {place for one in entities for place in range(one.start, min(one.end, len(text))) if text[place].isalnum()}


def _count_entities(tally: _Tally, labelled: LabelledText, spans: Sequence[LabelledEntity], masked: set[int]) -> None:
    left = list(spans)
    for entity in labelled.entities:
        counts = tally.of(entity.type)
        counts.labelled += 1
        counts.whole += _places(labelled.text, [entity]) <= masked
        match = next((one for one in left if one.type == entity.type and _overlap(one, entity) >= LEAST_OVERLAP), None)
        if match is not None:
            counts.right += 1
            left.remove(match)
    for kind, number in Counter(one.type for one in spans).items():
        tally.of(kind).found += number


def _overlap(one: LabelledEntity, other: LabelledEntity) -> float:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return max(0, shared) / (max(one.end, other.end) - min(one.start, other.start))


def _figures(tally: _Tally) -> dict[str, float]:
    labelled = sum(one.labelled for one in tally.types.values())
    shares = {
        "characters_masked": (tally.masked, tally.characters),
        "entities_masked": (sum(one.whole for one in tally.types.values()), labelled),
        "others_masked": (tally.others_masked, tally.others),
        "clean_flagged": (tally.flagged, tally.clean),
    }
    for kind, one in sorted(tally.types.items()):
        shares[f"precision/{kind}"] = (one.right, one.found)
        shares[f"recall/{kind}"] = (one.right, one.labelled)
        shares[f"masked/{kind}"] = (one.whole, one.labelled)
    return {name: part / whole for name, (part, whole) in shares.items() if whole}
