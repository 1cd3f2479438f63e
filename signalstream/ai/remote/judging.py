"""Whether what a server said is an answer: why it ended, whether it loops, and the one JSON object in it.

The order matters. A blocked or cut text may look like JSON all the same, so the reason for its end is looked at before
anything is parsed. What is almost JSON is not repaired: a guess would be an invented value.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson

from signalstream.ai.remote.provider import Reply, Tokens
from signalstream.errors import AnalystBadOutputError, AnalystError, AnalystRefusedError

LONGEST_UNIT = 80
"""Characters of a stretch that is looked for as a loop's unit."""
LEAST_LOOP = 400
"""Characters that a stretch must fill, repeated, before it is taken for a loop."""
LEAST_TURNS = 8
MOST_CHARACTERS = 200_000
"""Of an answer: a full gathering's is a tenth of it, and to look through megabytes would hold the event loop."""
_FENCE = re.compile(r"\A```[\w-]*\n(.*?)\n?```\Z", re.DOTALL)
_THOUGHTS = re.compile(r"\A<think>.*?</think>", re.DOTALL)
_CLOSING = '"}] \t\n,'


class End(Enum):
    """Why an answer ended, in the words of this program."""

    COMPLETE = "complete"
    CUT = "cut"
    BLOCKED = "blocked"
    OTHER = "other"


@dataclass(frozen=True)
class Heard:
    """What a server sent back. ``reason`` is the server's own word for the end; ``text`` is None without any part."""

    text: str | None
    end: End
    reason: str
    model: str
    tokens: Tokens


def judged(heard: Heard) -> Reply:
    """Return the reply with its JSON object. Raises AnalystRefusedError and AnalystBadOutputError, with the tokens."""
    try:
        return Reply(_object(_text(heard)), heard.model, heard.tokens)
    except AnalystError as error:
        error.tokens = (heard.tokens.prompt, heard.tokens.output)
        raise


def _text(heard: Heard) -> str:
    if heard.end is End.BLOCKED:
        raise AnalystRefusedError(f"{heard.model} declines this content ({heard.reason}); it is analysed without it")
    if heard.text is not None and len(heard.text) > MOST_CHARACTERS:
        raise AnalystBadOutputError(f"the answer of {heard.model} has {len(heard.text)} characters, far too many")
    text = (heard.text or "").strip()
    if loops(text):
        raise AnalystBadOutputError(f"{heard.model} repeats itself ({heard.reason}, {len(text)} characters)")
    if heard.end is End.CUT:
        spent = heard.tokens.output
        raise AnalystBadOutputError(f"the answer of {heard.model} is cut ({heard.reason}) after {spent} tokens")
    if heard.end is End.OTHER:
        raise AnalystBadOutputError(f"{heard.model} broke its answer off ({heard.reason})")
    if not text:
        raise AnalystBadOutputError(f"{heard.model} ended ({heard.reason}) without a word")
    return text


def loops(text: str) -> bool:
    """Say whether a text, or a string in it, ends in a short stretch over and over, what closes it left aside."""
    return any(_runs(piece) or _runs(piece.rstrip(_CLOSING)) for piece in (text, *text.split('"')))


def _runs(text: str) -> bool:
    if len(text) < LEAST_LOOP:
        return False
    return any(text.endswith(text[-unit:] * _turns(unit)) for unit in range(1, LONGEST_UNIT + 1))


def _turns(unit: int) -> int:
    return max(LEAST_TURNS, -(-LEAST_LOOP // unit))


def _object(text: str) -> dict[str, Any]:
    """Return the object that ``text`` is, or holds behind thoughts, in a fence or between sentences."""
    bare = _THOUGHTS.sub("", text).strip()
    fenced = _FENCE.match(bare)
    bare = fenced[1] if fenced else bare
    for candidate in (bare, bare[bare.find("{") : bare.rfind("}") + 1]):
        with contextlib.suppress(orjson.JSONDecodeError):
            value = orjson.loads(candidate)
            if isinstance(value, dict):
                return value
            break
    raise AnalystBadOutputError(f"the answer is no JSON object ({len(text)} characters)")
