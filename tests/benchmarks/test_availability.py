from __future__ import annotations

from dataclasses import dataclass, field

import aiohttp
import pytest

from benchmarks.availability import Outage, Read, Readers, complete_after, outages, served_after
from benchmarks.failover import JOIN, KILL, TERM, FailoverPlan, Takeover, takeover
from benchmarks.failover_report import broken, failover_tables


def reads(*answers: str, complete_to: int = 0) -> list[Read]:
    """One read a second, each answered half a second later: ``.`` served, ``x`` not, ``o`` outdated."""
    return [
        Read(float(n), n + 0.5, served=answer == ".", complete_to=complete_to, outdated=answer == "o")
        for n, answer in enumerate("".join(answers))
    ]


def test_an_outage_lasts_from_the_first_read_that_failed_to_the_answer_of_the_first_that_did_not():
    assert outages(reads("..xx.x.")) == [Outage(2.0, 4.5), Outage(5.0, 6.5)]
    assert outages(reads("...")) == []


def test_an_outage_that_never_ended_lasts_to_the_last_answer():
    assert outages(reads(".xx")) == [Outage(1.0, 2.5)]


def test_an_outdated_answer_serves_nobody():
    assert outages(reads(".o.")) == [Outage(1.0, 2.5)]


def test_a_conversation_is_served_when_its_last_outage_is_over_and_at_once_without_one():
    assert served_after(reads("..x.x."), since=2.0) == 3.5
    assert served_after(reads("...."), since=2.0) == 0.0


def test_a_turn_is_complete_with_the_first_served_answer_that_covers_it():
    assert complete_after(reads("..", complete_to=3), seq=3, since=0.25) == 0.25
    assert complete_after(reads("..", complete_to=2), seq=3, since=0.0) is None
    assert complete_after(reads("xx", complete_to=3), seq=3, since=0.0) is None


@pytest.mark.parametrize(("second", "complete"), [(7, 2.5), (6, None)])
async def test_a_takeover_is_as_slow_as_its_slowest_conversation(second, complete):
    async with aiohttp.ClientSession() as session:
        readers = Readers(session, [], {})
        readers.reads = {"a": reads(".x.", complete_to=5), "b": [*reads(".x"), Read(2.0, 2.5, True, second)]}
        found = takeover(TERM, 2, readers, {"a": 4, "b": 7}, since=0.0, wrong=0)

    assert (found.first_served, found.all_served, found.unreadable) == (2.5, 2.5, 1.5)
    assert found.complete == complete


TAKEOVER = Takeover(TERM, 2, first_served=1.0, all_served=2.0, complete=2.5, unreadable=1.9, outdated=0, wrong=0)


@dataclass(frozen=True)
class Rounds:
    """Takeovers by SIGTERM and kill -9, alike but for what a test changes."""

    term: list[Takeover] = field(default_factory=lambda: [TAKEOVER])
    kill: list[Takeover] = field(default_factory=lambda: [TAKEOVER])

    def met(self) -> list[str]:
        kills = [Takeover(**{**vars(each), "event": KILL}) for each in self.kill]
        expected = failover_tables(FailoverPlan(seed=1), [*self.term, *kills])[0]
        return [row[-1] for row in expected.rows]


def changed(**fields: object) -> Takeover:
    return Takeover(**{**vars(TAKEOVER), **fields})


def test_what_keeps_every_promise_in_every_round_is_said_to():
    assert Rounds().met() == ["yes"] * 5


def test_one_slow_round_breaks_a_promise_whatever_the_median_is():
    assert Rounds(term=[TAKEOVER, TAKEOVER, changed(all_served=3.1)]).met() == ["no", "yes", "yes", "yes", "yes"]
    assert Rounds(kill=[TAKEOVER, changed(complete=15.5)]).met() == ["yes", "yes", "yes", "no", "yes"]


def test_an_insight_that_never_came_an_outdated_answer_and_a_changed_picture_are_said():
    assert Rounds(term=[changed(complete=None)]).met() == ["yes", "no", "yes", "yes", "yes"]
    assert Rounds(term=[changed(outdated=1)]).met() == ["yes", "yes", "yes", "yes", "no"]
    assert Rounds(kill=[changed(wrong=1)]).met() == ["yes", "yes", "yes", "yes", "no"]
    assert broken([TAKEOVER]) == 0
    assert broken([changed(complete=None, outdated=2, wrong=3)]) == 6


def test_nothing_measured_keeps_no_promise():
    assert Rounds(term=[], kill=[]).met() == ["no", "no", "no", "no", "yes"]


def test_each_event_has_its_line_for_each_number_of_workers():
    table = failover_tables(FailoverPlan(workers=(2, 3), seed=7), [TAKEOVER, changed(workers=3, all_served=2.75)])[1]

    assert [row[:3] for row in table.rows][::3] == [(TERM, "2", "1"), (TERM, "3", "1")]
    assert [row[0] for row in table.rows[:3]] == [TERM, KILL, JOIN]
    assert table.rows[0][3:] == ("1.0", "2.0", "2.5", "1.9")
    assert "seed 7" in table.title
