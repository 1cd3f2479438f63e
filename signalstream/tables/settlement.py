"""The end of a partition's replay: carry over what the topics have lost, settle the revisions, compare everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from signalstream.core.merging import InsightState
from signalstream.core.rebuild import (
    Comparison,
    Likeness,
    likeness,
    lost_agents,
    same_conversation,
    same_window,
    settled,
)
from signalstream.errors import UndecodableError
from signalstream.models.conversation import ConversationState
from signalstream.tables.replay import Replay
from signalstream.tables.windows import row_key

IN_MOTION = timedelta(seconds=120)  # twice the longest time between two commits


@dataclass(frozen=True)
class Standing:
    """Where the replay ended. ``resting`` are the topics whose log ends there too: nothing of them is in motion.

    ``at`` is when the served version's offsets were read; ``analyses`` is the topic of each agent.
    """

    raw: str
    analyses: dict[str, str]
    resting: frozenset[str]
    at: datetime

    @property
    def nothing_moves(self) -> bool:
        """Say whether every topic ends where the replay did."""
        return {self.raw, *self.analyses.values()} <= self.resting

    def is_lost(self, topic: str, written: datetime, cut: frozenset[str]) -> bool:
        """Say whether retention has taken what a served row was made of, rather than that it is still to come."""
        return topic in cut and (topic in self.resting or written < self.at - IN_MOTION)


def settle(replay: Replay, standing: Standing) -> Comparison:
    """Carry over, settle and compare every conversation of the partition."""
    total = Comparison(put_aside=replay.put_aside)
    for key in sorted({*replay.served.conversations, *replay.served.insights, *replay.rebuilt.conversations}):
        try:
            _carry_lost(replay, standing, key)
            total += _settled(replay, key, standing.nothing_moves)
        except UndecodableError:
            replay.unreadable.add(key)
    lost = {key for key in replay.unreadable if standing.raw in replay.cut or key not in replay.rebuilt.conversations}
    examples = tuple(f"{key.decode()} (unreadable)" for key in sorted(lost))
    return total + Comparison(carried=len(replay.rebuilt.carried), unreadable=len(lost), examples=examples)


def _carry_lost(replay: Replay, standing: Standing, key: bytes) -> None:
    if key not in replay.rebuilt.conversations and key in replay.served.conversations:
        written = replay.served.written_at.get(key, standing.at - 2 * IN_MOTION)
        if standing.is_lost(standing.raw, written, replay.cut):
            replay.carry(key)
            return
    served = replay.served_insights.get(key)
    if served is None:
        return
    rebuilt = replay.insights.get(key) or _empty(served)
    for agent in lost_agents(served, rebuilt):
        topic = standing.analyses.get(agent)
        if topic is not None and standing.is_lost(topic, served.slots[agent].newest.analysed_at, replay.cut):
            replay.carry(key)
            return


def _settled(replay: Replay, key: bytes, nothing_moves: bool) -> Comparison:
    served_state, state = replay.served_states.get(key), replay.states.get(key)
    counted = Comparison(
        served_conversations=int(served_state is not None),
        rebuilt_conversations=int(state is not None),
        served_messages=served_state.message_count if served_state else 0,
        rebuilt_messages=state.message_count if state else 0,
    )
    served, rebuilt = replay.served_insights.get(key), replay.insights.get(key)
    kind = _kind(served_state, state, served, rebuilt)
    if kind is Likeness.BEHIND and nothing_moves:
        kind = Likeness.DIFFERENT  # nothing is on its way that could still change it
    if served is not None and rebuilt is not None:
        replay.insights.put(key, settled(served, rebuilt))
    if kind is Likeness.SAME:
        return counted + Comparison(same=1) + _windows(replay, key, served)
    example = (f"{key.decode()} ({kind.value})",)
    return counted + (Comparison(behind=1) if kind is Likeness.BEHIND else Comparison(different=1, examples=example))


def _kind(
    served_state: ConversationState | None,
    state: ConversationState | None,
    served: InsightState | None,
    rebuilt: InsightState | None,
) -> Likeness:
    if served_state is None or state is None:
        return Likeness.DIFFERENT if served_state is None else Likeness.BEHIND
    if not same_conversation(served_state, state):
        return Likeness.BEHIND if state.last_seq < served_state.last_seq else Likeness.DIFFERENT
    if served is None:
        return Likeness.SAME if rebuilt is None else Likeness.DIFFERENT
    return likeness(served, rebuilt or _empty(served))


def _windows(replay: Replay, key: bytes, served: InsightState | None) -> Comparison:
    same = different = 0
    for start in served.windows if served else ():
        row = row_key(key, start)
        before, after = replay.served_windows.get(row), replay.windows.get(row)
        if before is None and after is None:
            continue
        if before is not None and after is not None and same_window(before, after):
            replay.windows.put(row, before)
            same += 1
        else:
            different += 1
    return Comparison(same_windows=same, different_windows=different)


def _empty(row: InsightState) -> InsightState:
    return InsightState(tenant_id=row.tenant_id, conversation_id=row.conversation_id)
