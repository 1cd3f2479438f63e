"""Metadata without personal data: names, texts and numbers at any depth, each with its tags in it.

All of it is searched as one text, an entry in each line as ``name: value``, because a name often says what its value
is; searching each entry alone would cost a hundred times as much. What is found is cut at the ends of names and values.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from pydantic import JsonValue

from signalstream.core.redaction import Span
from signalstream.core.tagged import tagged
from signalstream.core.tags import TagOf

_BETWEEN = "\n[END_0]\n"  # a placeholder: nothing is found across one
_WORDS = str.maketrans("_-.", "   ")
_LONGEST_CUE = 40  # of a list's name, beside each of its values: a long name of a long list would come to 100 MB
_SAYS_NOTHING = frozenset({"content", "data", "raw", "string", "text", "val", "value", "values"})
_SAYS_LITTLE = frozenset({"code", "id", "no", "number"})


class _Entry(NamedTuple):
    """A name and its value. ``above`` is the name that the value is searched with where its own says nothing."""

    name: str
    value: str
    above: str = ""

    def head(self) -> str:
        if self.above:
            return f"{self.name} {self.above.translate(_WORDS)}: "
        words = self.name.translate(_WORDS)  # "card_number" says what a value is, and "a.b@c.example" is one itself
        return f"{self.name}: " if words == self.name else f"{self.name} {words}: "

    def line(self) -> str:
        return self.head() + self.value


def without_personal_data(
    metadata: Mapping[str, JsonValue], find: Callable[[str], Sequence[Span]], tag_of: TagOf
) -> dict[str, JsonValue]:
    """Return ``metadata`` with tags in the place of what ``find`` finds; a number with a finding becomes a text."""
    entries = list(_entries("", dict(metadata)))
    lines = [entry.line() for entry in entries]
    spans = find(_BETWEEN.join(lines)) if lines else ()
    if not spans:
        return dict(metadata)
    starts = list(accumulate((len(line) + len(_BETWEEN) for line in lines[:-1]), initial=0))
    redacted = iter(
        [_redacted(entry, part, tag_of) for entry, part in zip(entries, _parts(starts, spans), strict=True)]
    )
    made = _rebuilt("", dict(metadata), redacted)
    assert isinstance(made, dict)
    return made


def characters(metadata: Mapping[str, JsonValue]) -> int:
    """Return how much text is in it."""
    return sum(len(entry.name) + len(entry.value) + len(_BETWEEN) for entry in _entries("", dict(metadata)))


def _entries(name: str, node: JsonValue) -> Iterator[_Entry]:
    if isinstance(node, dict):
        for own, value in node.items():
            if isinstance(value, dict | list):
                yield _Entry(own, "")
                yield from _entries(_cue(name, own), value)
            else:
                yield _Entry(own, _text(value), _cue(name, own) if _cue(name, own) != own else "")
    elif isinstance(node, list):
        for value in node:
            yield from _entries(name[-_LONGEST_CUE:], value)
    else:
        yield _Entry(name, _text(node))


def _cue(above: str, own: str) -> str:
    """Return the name that says what is below it: {"password": {"value": ...}} speaks of a password."""
    if above and own.lower() in _SAYS_NOTHING:
        return above[-_LONGEST_CUE:]
    return f"{above[-_LONGEST_CUE:]} {own}" if above and own.lower() in _SAYS_LITTLE else own


def _text(value: JsonValue) -> str:
    return "" if value is None or isinstance(value, bool) else str(value)


def _parts(starts: Sequence[int], spans: Sequence[Span]) -> list[list[tuple[Span, int]]]:
    """Return for each line the spans in it, with where the line starts."""
    parts: list[list[tuple[Span, int]]] = [[] for _ in starts]
    for span in spans:
        first, last = bisect_right(starts, span.start) - 1, bisect_right(starts, span.end - 1) - 1
        for line in range(first, last + 1):
            parts[line].append((span, starts[line]))
    return parts


def _redacted(entry: _Entry, spans: Sequence[tuple[Span, int]], tag_of: TagOf) -> _Entry:
    if not spans:
        return entry
    behind = len(entry.head())
    return _Entry(
        tagged(entry.name, _within(spans, 0, len(entry.name)), tag_of).text,
        tagged(entry.value, _within(spans, behind, len(entry.value)), tag_of).text,
    )


def _within(spans: Sequence[tuple[Span, int]], begin: int, length: int) -> list[Span]:
    moved = [(span, span.start - at - begin, span.end - at - begin) for span, at in spans]
    return [
        Span(max(start, 0), min(end, length), span.kind, span.detector, span.confidence)
        for span, start, end in moved
        if max(start, 0) < min(end, length)
    ]


def _rebuilt(name: str, node: JsonValue, redacted: Iterator[_Entry]) -> JsonValue:
    if isinstance(node, dict):
        made: dict[str, JsonValue] = {}
        twice: Counter[str] = Counter()
        for own, value in node.items():
            shown, kept = _item(own, value, redacted)
            made[_unused(shown, made, twice)] = kept
        return made
    if isinstance(node, list):
        return [_rebuilt(name, value, redacted) for value in node]
    return _chosen(node, next(redacted).value)


def _unused(name: str, names: Mapping[str, JsonValue], twice: Counter[str]) -> str:
    shown = name
    while shown in names:  # two ways to write an address have one tag, and their values are two
        twice[name] += 1
        shown = f"{name} {twice[name] + 1}"
    return shown


def _item(name: str, value: JsonValue, redacted: Iterator[_Entry]) -> tuple[str, JsonValue]:
    made = next(redacted)
    if isinstance(value, dict | list):
        return made.name, _rebuilt(name, value, redacted)
    return made.name, _chosen(value, made.value)


def _chosen(value: JsonValue, redacted: str) -> JsonValue:
    return value if redacted == _text(value) else redacted
