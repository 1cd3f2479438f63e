from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.core.deadlines import SLACK, Deadlines
from tests.core.analyses import BEGIN

CHANGES = st.lists(
    st.tuples(st.sampled_from(["set", "forget", "due"]), st.sampled_from([b"a", b"b", b"c"]), st.integers(0, 9)),
    max_size=40,
)


@settings(deadline=None, max_examples=120)
@given(CHANGES)
def test_the_due_keys_are_taken_once_earliest_first_whatever_was_set_and_forgotten(changes):
    deadlines, wanted = Deadlines(), {}
    for what, key, number in changes:
        at = BEGIN + timedelta(seconds=number)
        if what == "set":
            deadlines.set(key, at)
            wanted[key] = at
        elif what == "forget":
            deadlines.forget(key)
            wanted.pop(key, None)
        else:
            taken = deadlines.due(at)
            due = {each for each, time in wanted.items() if time <= at}
            assert set(taken) == due
            assert len(taken) == len(due)
            assert [wanted[each] for each in taken] == sorted(wanted.pop(each) for each in list(taken))
        assert len(deadlines) == len(wanted)


def test_a_cleared_index_has_nothing_due():
    deadlines = Deadlines()
    deadlines.set(b"a", BEGIN)
    deadlines.clear()

    assert deadlines.due(BEGIN) == []


def test_outdated_entries_do_not_pile_up():
    deadlines = Deadlines()
    for number in range(20_000):
        deadlines.set(b"%d" % number, BEGIN + timedelta(days=7, seconds=number))
        deadlines.forget(b"%d" % number)

    assert len(deadlines._heap) <= SLACK + 1
