"""Personal data that was found after a row was written: a kept message is masked once more, by places.

Places are those in what was written, as analyses report them. A mask is added, never taken away, so that any order of
analyses comes to the same, and a repeat or a lesser analysis brings nothing back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from signalstream.core import entities
from signalstream.models.conversation import ConversationState, KeptMessage, Mask
from signalstream.models.intelligence import Analysis, PiiEntity

_BLANK = "\x00"  # no message holds one


class _Cover(NamedTuple):
    start: int
    end: int
    name: str
    is_new: bool


def masked(state: ConversationState, analyses: Iterable[Analysis]) -> ConversationState:
    """Return the row without what the pii agent's ``analyses`` found; the very same object when they add nothing."""
    for analysis in analyses:
        if analysis.agent == entities.AGENT and analysis.generation == state.generation:
            found = [PiiEntity.model_validate(entity) for entity in entities.entities(analysis)]
            state = _masked(state, analysis.seq, analysis.message_id, found)
    return state


def says_another(kept: KeptMessage, masks: Sequence[Mask], text: str, text_masks: Sequence[Mask]) -> bool:
    """Say whether ``text``, which ``text_masks`` are in, is of another message than the one that is kept.

    What is masked in either is not compared: more of the kept one may have been found since.
    """
    mine, other = _blanked(kept.text, masks), _blanked(text, text_masks)
    if len(mine) != len(other):
        return True
    for start, end, _ in masks:
        other = other[:start] + _BLANK * (end - start) + other[end:]
    for start, end, _ in text_masks:
        mine = mine[:start] + _BLANK * (end - start) + mine[end:]
    return mine != other


def _blanked(text: str, masks: Sequence[Mask]) -> str:
    """Return a text as long as what was written, blank where it is masked."""
    parts: list[str] = []
    at = written = 0
    for start, end, length in masks:
        parts += (text[at : at + start - written], _BLANK * (end - start))
        at += start - written + length
        written = end
    parts.append(text[at:])
    return "".join(parts)


def _masked(state: ConversationState, seq: int, message_id: UUID, found: Sequence[PiiEntity]) -> ConversationState:
    masks = state.masks.get(seq)
    place = next((place for place, kept in enumerate(state.recent) if kept.seq == seq), None)
    if masks is None or place is None or state.recent[place].message_id != message_id:
        return state
    kept = state.recent[place]
    covers = _covers(kept, masks, found)
    if not any(cover.is_new for cover in covers):
        return state
    text, after = _applied(kept.text, masks, covers)
    recent = (*state.recent[:place], kept.model_copy(update={"text": text}), *state.recent[place + 1 :])
    return state.model_copy(update={"recent": recent, "masks": {**state.masks, seq: after}})


def _covers(kept: KeptMessage, masks: Sequence[Mask], found: Sequence[PiiEntity]) -> list[_Cover]:
    """Return what covers the text then: overlapping places become one, named as the earlier mask among them."""
    written = len(kept.text) + sum(end - start - length for start, end, length in masks)
    covers = [_Cover(start, end, name, False) for (start, end, _), name in zip(masks, _names(kept, masks), strict=True)]
    covers += [_Cover(each.start_index, min(each.end_index, written), each.placeholder, True) for each in found]
    whole: list[_Cover] = []
    for cover in sorted(cover for cover in covers if cover.start < cover.end):
        if whole and cover.start < whole[-1].end:
            whole[-1] = _together(whole[-1], cover)
        else:
            whole.append(cover)
    return whole


def _together(one: _Cover, other: _Cover) -> _Cover:
    earlier = next((each for each in (one, other) if not each.is_new), one)
    start, end = one.start, max(one.end, other.end)
    reaches_further = (start, end) != (earlier.start, earlier.end)
    return _Cover(start, end, earlier.name, reaches_further or (one.is_new and other.is_new))


def _names(kept: KeptMessage, masks: Sequence[Mask]) -> list[str]:
    names, shift = [], 0
    for start, end, length in masks:
        names.append(kept.text[start + shift : start + shift + length])
        shift += length - (end - start)
    return names


def _applied(text: str, masks: Sequence[Mask], covers: Sequence[_Cover]) -> tuple[str, tuple[Mask, ...]]:
    ends = [end for _, end, _ in masks]
    grown = list(accumulate((length - (end - start) for start, end, length in masks), initial=0))

    def shown(place: int) -> int:  # where a place of what was written, outside of the masks, stands in the text
        return place + grown[bisect_right(ends, place)]

    parts: list[str] = []
    written = 0
    for cover in covers:
        parts += (text[shown(written) : shown(cover.start)], cover.name)
        written = cover.end
    parts.append(text[shown(written) :])
    return "".join(parts), tuple((cover.start, cover.end, len(cover.name)) for cover in covers)
