"""What comes back: each entry is found by its id, compared with what was asked, and believed only where it may be.

An entry is left out, with the reason, when it is missing or there twice, does not have the asked form, repeats our
instructions or an id, holds a placeholder that was not sent, or may be about another conversation (``belonging``).
Reasons never quote an answer: it may quote a customer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from signalstream.ai.remote.belonging import said_in, strangers
from signalstream.ai.remote.fencing import visible
from signalstream.ai.remote.leaking import recites
from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.ai.remote.prompts import Prompt, prompt_of
from signalstream.ai.remote.shaping import shaped
from signalstream.ai.remote.wire import Entry
from signalstream.core.redaction import PLACEHOLDER
from signalstream.errors import AnalystBadOutputError
from signalstream.models.base import Model


@dataclass(frozen=True)
class Answers:
    """What could be used, by the turn's id, and of each other turn why not."""

    results: dict[str, Model] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def read(task: str, value: Mapping[str, Any], turns: Sequence[OutgoingTurn]) -> Answers:
    """Read the answer to ``question_for(task, turns)``, each turn's own entry by itself.

    Raises AnalystBadOutputError when it is not ``{"results": [...]}``, AnalystRefusedError for a task without a prompt.
    """
    answers = Answers()
    for _ in reading(task, value, turns, answers):
        pass
    return answers


def reading(task: str, value: Mapping[str, Any], turns: Sequence[OutgoingTurn], answers: Answers) -> Iterator[None]:
    """Read as ``read`` does, into ``answers``, and stop after each turn: an event loop is not held for all of them."""
    prompt = prompt_of(task)
    entries = value.get("results") if set(value) == {"results"} else None
    if not isinstance(entries, list):
        raise AnalystBadOutputError(f'the answer to {prompt.name} is not {{"results": [...]}}')
    ids = frozenset(turn.id for turn in turns)
    found: dict[str, Entry] = {}
    said: dict[str, frozenset[str]] = {}
    for turn in turns:
        with _refusals(prompt, turn, answers):
            found[turn.id] = _checked(_only(entries, turn.id), prompt, turn, ids)
        said[turn.id] = said_in(turn) if len(turns) > 1 else frozenset()
        yield
    others = strangers(found, said) if len(turns) > 1 else frozenset()
    for turn in turns:
        if turn.id in found:
            with _refusals(prompt, turn, answers):
                if turn.id in others:
                    raise AnalystBadOutputError("it may be about another conversation of the same question")
                answers.results[turn.id] = shaped(found[turn.id], turn)
            yield


@contextmanager
def _refusals(prompt: Prompt, turn: OutgoingTurn, answers: Answers) -> Iterator[None]:
    try:
        yield
    except AnalystBadOutputError as error:
        answers.refused[turn.id] = f"the entry of {prompt.name} cannot be used: {error}"


def _only(entries: Sequence[Any], wanted: str) -> Mapping[str, Any]:
    mine = [one for one in entries if isinstance(one, Mapping) and one.get("id") == wanted]
    if len(mine) != 1:
        raise AnalystBadOutputError("it is not there" if not mine else "it is there more than once")
    return mine[0]


def _checked(given: Mapping[str, Any], prompt: Prompt, turn: OutgoingTurn, ids: frozenset[str]) -> Entry:
    try:
        entry = prompt.entry.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        # Of a field's place only what the schema names is told: other keys are the answer's own words.
        place = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part in _names(prompt.entry))
        raise AnalystBadOutputError(f"{first['type']} at {place or 'the top'}") from None
    whole = visible("\n".join(_texts(entry.model_dump(exclude={"id"}))))
    if recites(whole, prompt.told):
        raise AnalystBadOutputError("it repeats our instructions")
    if any(one in whole for one in ids):
        raise AnalystBadOutputError("it repeats the id of a conversation")
    if not {match[0] for match in PLACEHOLDER.finditer(whole)} <= turn.placeholders():
        raise AnalystBadOutputError("it holds a placeholder that was not sent")
    return entry


def _names(entry: type[Entry]) -> set[str]:
    nested = {"quote", "kind"}  # of PiiQuote, the only model within an entry
    return {*entry.model_fields, *nested}


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, Sequence):
        for value in node:
            yield from _texts(value)
