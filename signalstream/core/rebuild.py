"""A rebuilt version of the tables beside the one that serves: what is the same, what differs, which revision it shows.

A revision names one picture for good. So a picture that came out the same takes the revision that clients know, and
one that differs takes a higher one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum

from signalstream.core.merging import InsightState
from signalstream.models.conversation import ConversationState
from signalstream.models.windows import WindowState

EXAMPLES = 5


class Likeness(StrEnum):
    """How a rebuilt picture stands to the served one. ``behind`` has yet to take records that the other has taken."""

    SAME = "same"
    BEHIND = "behind"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Comparison:
    """Counts of the served and of the rebuilt tables; comparisons of partitions add up.

    ``carried`` conversations were copied, because the topics no longer hold their beginning; ``unreadable`` ones have
    rows that could be neither rebuilt nor read; ``put_aside`` are records that no version can take (dead letters).
    """

    served_conversations: int = 0
    rebuilt_conversations: int = 0
    served_messages: int = 0
    rebuilt_messages: int = 0
    same: int = 0
    behind: int = 0
    different: int = 0
    same_windows: int = 0
    different_windows: int = 0
    carried: int = 0
    unreadable: int = 0
    put_aside: int = 0
    examples: tuple[str, ...] = field(default=())

    def __add__(self, other: Comparison) -> Comparison:
        added = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        return Comparison(**{**added, "examples": added["examples"][:EXAMPLES]})

    @property
    def agrees(self) -> bool:
        """Say whether every picture that both have taken alike is the same, and none was unreadable."""
        return not (self.different or self.unreadable)


def likeness(served: InsightState, rebuilt: InsightState) -> Likeness:
    """Compare the analyses that two rows show."""
    if served.slots == rebuilt.slots:
        return Likeness.SAME
    known = {agent: slot.newest.seq for agent, slot in rebuilt.slots.items()}
    if any(known.get(agent, 0) < slot.newest.seq for agent, slot in served.slots.items()):
        return Likeness.BEHIND
    return Likeness.DIFFERENT


def same_conversation(served: ConversationState, rebuilt: ConversationState) -> bool:
    """Say whether two rows number the same messages alike."""
    return (served.generation, served.last_seq, served.seen) == (rebuilt.generation, rebuilt.last_seq, rebuilt.seen)


def same_window(served: WindowState, rebuilt: WindowState) -> bool:
    """Say whether two rows of a window count the same; their deadlines are of the clock that they were opened by."""
    of_the_clock = {"deadline": served.deadline, "expires_at": served.expires_at, "backdated": served.backdated}
    return served == rebuilt.model_copy(update=of_the_clock)


def settled(served: InsightState, rebuilt: InsightState) -> InsightState:
    """Return the rebuilt row with a revision that is true to what clients have seen."""
    if likeness(served, rebuilt) is Likeness.SAME:
        return rebuilt.model_copy(update={"revision": served.revision, "last_updated": served.last_updated})
    if rebuilt.revision > served.revision:
        return rebuilt
    return rebuilt.model_copy(update={"revision": served.revision + 1})


def lost_agents(served: InsightState, rebuilt: InsightState) -> set[str]:
    """Return the agents whose analyses only the served row has."""
    return set(served.slots) - set(rebuilt.slots)
