"""Personal data over several messages: what a row keeps of each turn's entities, and what is shown of them.

Bounded, because one message can hold a thousand addresses and a row must stay below what the changelog takes.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from signalstream.models.intelligence import Analysis

AGENT = "pii"
MAX_ENTITIES = 200  # of one analysis, and shown, those of the newest turns
MAX_ENTITIES_OF_A_TURN = 40  # kept of an earlier turn
Entity = dict[str, JsonValue]


def entities(analysis: Analysis) -> list[Entity]:
    """Return the entities of a pii analysis, or none."""
    found = (analysis.result or {}).get("entities")
    return [entity for entity in found if isinstance(entity, dict)] if isinstance(found, list) else []


def bounded(analysis: Analysis) -> Analysis:
    """Return the analysis with at most MAX_ENTITIES entities; the same object when it has no more."""
    if analysis.agent != AGENT or analysis.result is None or len(entities(analysis)) <= MAX_ENTITIES:
        return analysis
    few = list[JsonValue](entities(analysis)[:MAX_ENTITIES])
    return analysis.model_copy(update={"result": {**analysis.result, "entities": few}})


def to_keep(analysis: Analysis) -> Analysis | None:
    """Return the small part of an analysis that stays in the row for later turns, or None when it has no entity."""
    few = list[JsonValue](entities(analysis)[:MAX_ENTITIES_OF_A_TURN])
    return analysis.model_copy(update={"result": {"entities": few}, "latency_ms": 0.0}) if few else None


def shown(newest: Analysis, history: Mapping[int, Analysis]) -> Entity:
    """Return the result of ``newest`` with the entities of every turn kept, each with its message and its turn."""
    turns = {**history, newest.seq: newest} if entities(newest) else history
    found: list[JsonValue] = [
        {**entity, "message_id": str(analysis.message_id), "seq": seq}
        for seq, analysis in sorted(turns.items())
        for entity in entities(analysis)
    ]
    return {**(newest.result or {}), "has_pii": bool(found), "entities": found[-MAX_ENTITIES:]}
