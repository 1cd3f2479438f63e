"""Where a conversation stands, from what was said in it: it decides what is suggested next.

solved                    the customer says in the newest message that it works
escalated                 an agent has handed it over to someone more senior, or to a specialist
waiting for the customer  an agent spoke last, and asked for something
promised                  an agent has promised something, and nothing was said to be done since
repeated contact          the customer says that this is not the first time, or has written on without an answer
first contact             no agent has answered yet
ongoing                   anything else

The first line that fits, from above.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from signalstream.core.text import folded, phrase_pattern
from signalstream.core.urgency import is_solved
from signalstream.models.messages import Sender

UNANSWERED = 3
"""Messages of a customer in a row that nobody answered."""
_HANDED_OVER = phrase_pattern(
    "escalated|escalating|i will escalate|i'll escalate|we will escalate|handed over to|handing over to|passed to our|"
    "passed this to|passed it to|passing this to|forwarded to|forwarded this to|forwarding this to|transferred you|"
    "transfer you|raised this with|raised it with|my supervisor|our specialists|to a specialist|senior agent|"
    "he escalado|weitergeleitet|transmis a|ho inoltrato|encaminhei"
)
_DONE = phrase_pattern(
    "has been refunded|have been refunded|i have refunded|we have refunded|i have cancelled|has been cancelled|"
    "i have reset|has been reset|i have fixed|is fixed now|has been fixed|i have sent|has been sent|i have updated|"
    "has been updated|is done|all done|completed"
)


class Standing(StrEnum):
    """Where a conversation stands."""

    SOLVED = "solved"
    ESCALATED = "escalated"
    WAITING = "waiting for the customer"
    PROMISED = "promised"
    REPEATED = "repeated contact"
    FIRST = "first contact"
    ONGOING = "ongoing"


def standing_of(
    lines: Sequence[tuple[Sender, str]], *, asked: bool, promised: Sequence[int], repeated: bool
) -> Standing:
    """Return where the conversation of ``lines`` (oldest first) stands.

    ``asked`` says whether the newest line asks for something, ``promised`` are the places of agents' lines that promise
    something, ``repeated`` whether the customer says that this is not the first time.
    """
    customer = [place for place, (sender, _) in enumerate(lines) if sender is Sender.CUSTOMER]
    agent = [place for place, (sender, _) in enumerate(lines) if sender is Sender.AGENT]
    if customer and is_solved(lines[customer[-1]][1]):
        return Standing.SOLVED
    if any(_HANDED_OVER.search(folded(lines[place][1])) for place in agent):
        return Standing.ESCALATED
    if agent and agent[-1] == len(lines) - 1 and asked:
        return Standing.WAITING
    if promised and not any(_DONE.search(folded(lines[place][1])) for place in agent if place > promised[-1]):
        return Standing.PROMISED
    if repeated or (len(customer) >= UNANSWERED and (not agent or agent[-1] < customer[-UNANSWERED])):
        return Standing.REPEATED
    return Standing.ONGOING if agent else Standing.FIRST
