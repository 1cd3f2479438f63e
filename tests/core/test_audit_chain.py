from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.audit_chain import NAMED_AT_MOST, Chain, ChainSecrets, entry_of, named_by
from signalstream.models.audit import SignedEntry
from tests.core.audits import BEGIN, OTHERS, SECRETS, checked, event, kinds, written

STEPS = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=20)


def names(signed: SignedEntry) -> set[str]:
    entry = entry_of(signed)
    assert entry is not None
    return {link.id for link in named_by(entry)}


@given(STEPS)
def test_an_entry_names_its_writers_last_one_and_the_newest_that_it_heard(steps):
    log = written([(writer, True) for writer, _ in steps])

    last: dict[str, str] = {}
    for before, signed in pairwise([None, *log]):
        writer = entry_of(signed).writer
        heard = {before.id} if before else set()
        assert names(signed) == heard | ({last[writer]} if writer in last else set())
        last[writer] = signed.id


def test_the_open_ends_of_several_writers_are_gathered_by_the_next_that_hears_of_them():
    log = written([(0, False), (1, False), (2, False), (0, True), (1, True)])

    assert names(log[3]) == {log[0].id, log[1].id, log[2].id}
    assert names(log[4]) == {log[1].id, log[3].id}


def test_more_open_ends_than_one_entry_names_are_named_by_the_next():
    many = NAMED_AT_MOST + 5
    log = written([*((writer, False) for writer in range(many)), (many, True), (many, True)])

    assert names(log[-2]) == {signed.id for signed in log[:NAMED_AT_MOST]}
    assert names(log[-1]) == {signed.id for signed in log[NAMED_AT_MOST:-1]}


def test_a_chain_whose_newest_entry_may_not_have_arrived_is_followed_by_one_that_names_its_last_certain_one():
    first = Chain("0" * 16, SECRETS)
    certain = first.next(event(), BEGIN, "{}", sealed=False)
    first.written(certain)
    uncertain = first.next(event(1), BEGIN, "{}", sealed=False)
    second = first.follower("1" * 16)
    third = second.next(event(1), BEGIN, "{}", sealed=False)

    assert names(third) == {certain.id}
    assert kinds(checked([certain, third])) == set()
    assert kinds(checked([certain, uncertain, third])) == set()


def test_what_does_not_hold_is_not_named():
    forged = written([(0, True)], OTHERS)
    broken = [each.model_copy(update={"entry": each.entry + " "}) for each in written([(0, True)])]
    chain = Chain("1" * 16, SECRETS)
    for signed in [*forged, *broken]:
        chain.heard(signed)

    assert chain.ends.links() == ()


def test_a_secret_that_was_replaced_still_checks_what_it_made_and_makes_nothing_more():
    old = written([(0, True), (0, True)])
    both = ChainSecrets((*OTHERS.secrets, *SECRETS.secrets))

    assert checked(old, both).findings == []
    assert both.sign(entry_of(old[0])).secret_id == OTHERS.sign(entry_of(old[0])).secret_id
