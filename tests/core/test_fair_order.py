from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.fair_order import FairOrder

TENANTS = st.sampled_from("abcd")
MOVES = st.lists(st.one_of(TENANTS, st.just("next"), st.just("discard")), max_size=80)


def play(moves: list[str]) -> list[tuple[str, tuple[str, int]]]:
    """Return what happened: items that came, went next, were discarded; what is left goes next at the end."""
    order: FairOrder[tuple[str, int]] = FairOrder()
    waiting: list[tuple[str, int]] = []
    happened = []
    for number, move in enumerate([*moves, *["next"] * len(moves)]):
        if move == "next":
            if waiting:
                item = order.next()
                waiting.remove(item)
                happened.append(("went", item))
        elif move == "discard":
            if waiting:
                item = waiting.pop(number % len(waiting))
                order.discard(item[0], item)
                happened.append(("left", item))
        else:
            item = (move, number)
            order.add(move, item)
            waiting.append(item)
            happened.append(("came", item))
        assert len(order) == len(waiting)
    assert waiting == []
    return happened


@given(MOVES)
def test_whatever_waits_goes_next_once_and_nobody_starves(moves):
    happened = play(moves)

    came = [item for what, item in happened if what == "came"]
    assert sorted(came) == sorted(item for what, item in happened if what != "came")


@given(MOVES)
def test_a_tenants_own_go_in_the_order_of_coming(moves):
    went = defaultdict(list)
    for what, item in play(moves):
        if what == "went":
            went[item[0]].append(item)

    assert all(items == sorted(items, key=lambda item: item[1]) for items in went.values())


@given(MOVES)
def test_the_first_of_a_tenant_is_passed_by_at_most_one_of_each_other(moves):
    passed: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    waiting: dict[str, int] = defaultdict(int)
    for what, (tenant, _) in play(moves):
        waiting[tenant] += 1 if what == "came" else -1
        if what == "went":
            passed.pop(tenant, None)
            for other in (each for each in waiting if waiting[each] and each != tenant):
                passed[other][tenant] += 1
                assert passed[other][tenant] <= 1
        elif not waiting[tenant]:
            passed.pop(tenant, None)


@given(st.integers(1, 500), st.integers(0, 200))
def test_a_backlog_of_any_length_delays_another_tenant_by_one(backlog, served_before):
    order: FairOrder[str] = FairOrder()
    for _ in range(backlog):
        order.add("noisy", "noise")
    for _ in range(min(served_before, backlog - 1)):
        order.next()
    order.add("quiet", "word")

    assert "word" in [order.next() for _ in range(2)]


def test_where_nothing_waits_nothing_is_next_and_nothing_can_leave():
    order: FairOrder[int] = FairOrder()

    with pytest.raises(LookupError):
        order.next()
    with pytest.raises(ValueError, match=r"remove|not in"):
        order.discard("a", 1)
