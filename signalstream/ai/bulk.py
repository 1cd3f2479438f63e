"""Conversations that are known whole, analysed without a broker: each as the pipeline would show it at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from signalstream.ai.analyst import Analyst
from signalstream.core.conversation import Bounds, Find, join
from signalstream.errors import AnalystError
from signalstream.models.conversation import ConversationState, Turn
from signalstream.models.messages import Channel, Message, Sender

PII = "pii"
_IDS = UUID("6f9e7a34-1a33-5c0e-9a55-0f6f3a0c6f11")
_WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)  # nothing that is shown depends on it


@dataclass(frozen=True)
class Said:
    """One message of a conversation: who wrote it, and what."""

    sender: Sender
    text: str


@dataclass(frozen=True)
class Analysed:
    """Agent -> its result as JSON, None for one that failed; agent -> why it failed."""

    results: dict[str, dict[str, Any] | None]
    failures: dict[str, str]


def turns_of(tenant_id: str, name: str, messages: Sequence[Said], find: Find, bounds: Bounds) -> list[Turn]:
    """Return the turn of every message, made as the conversation agent makes them. ``name`` is the conversation's id.

    The same messages of the same conversation get the same ids, and so the same placeholders.
    """
    state: ConversationState | None = None
    turns = []
    for index, said in enumerate(messages):
        message = Message(
            message_id=uuid5(_IDS, f"{tenant_id}/{name}/{index}"),
            tenant_id=tenant_id,
            conversation_id=name,
            sender=said.sender,
            text=said.text,
            channel=Channel.CHAT,
            written_at=_WRITTEN,
            received_at=_WRITTEN,
        )
        joined = join(state, message, find, bounds)
        state = joined.state
        turns.append(joined.turn)
    return turns


async def analysed(analyst: Analyst, agents: Sequence[str], turns: Sequence[Turn]) -> Analysed:
    """Return what the agents say of the last turn; entities of personal data are those of every turn.

    An entity's ``message`` is the place of its message in the conversation, from 0, its offsets are those in that text.
    """
    made = Analysed({}, {})
    for agent in agents:
        try:
            result = await (_personal_data(analyst, turns) if agent == PII else _asked(analyst, agent, turns[-1]))
        except AnalystError as error:
            result, made.failures[agent] = None, f"{type(error).__name__}: {error}"
        made.results[agent] = result
    return made


async def _asked(analyst: Analyst, agent: str, turn: Turn) -> dict[str, Any]:
    return (await analyst.analyse(agent, turn)).result.model_dump(mode="json")


async def _personal_data(analyst: Analyst, turns: Sequence[Turn]) -> dict[str, Any]:
    entities: list[dict[str, Any]] = []
    result: dict[str, Any] = {}
    for index, turn in enumerate(turns):
        result = await _asked(analyst, PII, turn)
        entities += [{**entity, "message": index} for entity in result["entities"]]
    return {**result, "has_pii": bool(entities), "entities": entities}
