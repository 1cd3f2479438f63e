from __future__ import annotations

from signalstream.ai.remote.superseding import Superseding
from tests.ai.remote.queued import waiting


async def test_an_older_summary_of_the_conversation_gives_way_whichever_comes_first():
    older, newer = (waiting(seq, task="summary", conversation="c", seq=seq) for seq in (1, 2))
    rising, falling = Superseding[str](), Superseding[str]()

    assert [rising.enter(older), rising.enter(newer)] == [None, older]
    assert [falling.enter(newer), falling.enter(older)] == [None, older]


async def test_turns_of_other_tasks_tenants_and_conversations_are_left_alone():
    known = Superseding[str]()
    others = [
        waiting(1, task="summary", conversation="c", seq=1),
        waiting(2, task="summary", conversation="other", seq=2),
        waiting(3, task="summary", conversation="c", seq=2, tenant="globex"),
        waiting(4, task="sentiment", conversation="c", seq=3),
        waiting(5, task="sentiment", conversation="c", seq=4),
    ]

    assert [known.enter(entry) for entry in others] == [None] * 5


async def test_a_turn_that_is_being_asked_is_superseded_no_more():
    known, older = Superseding[str](), waiting(1, task="summary", conversation="c", seq=1)
    known.enter(older)
    known.leave(older)

    assert known.enter(waiting(2, task="summary", conversation="c", seq=2)) is None


async def test_a_repeat_of_a_turn_is_asked_for_itself():
    known = Superseding[str]()
    first, repeat = (waiting(number, task="summary", conversation="c", seq=1) for number in (1, 2))

    assert [known.enter(first), known.enter(repeat)] == [None, None]
