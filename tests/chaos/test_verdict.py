"""The verdict can fail: each thing that may go wrong is counted in its own row, and nothing else is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
import pytest

from signalstream.models.agents import AI_AGENTS
from signalstream.models.intelligence import AgentStatus, Completeness, Insight
from tests.chaos.evidence import Evidence, Pictures, plain
from tests.chaos.verdict import Verdict, judge
from tests.client import Json

NAME = "chaos-0-0"
IDS = ["first", "second", "third"]


def insight_at(revision: int, last_seq: int = 3, based_on: int = 3) -> Json:
    agents = {agent: {"status": "ok", "based_on_seq": based_on} for agent in AI_AGENTS}
    return {"revision": revision, "completeness": "complete", "last_seq": last_seq, "agents": agents}


def pictures() -> Pictures:
    messages = [{"message_id": each, "seq": number} for number, each in enumerate(IDS, 1)]
    windows = [
        {"message_count": 1, "analyses": dict.fromkeys(AI_AGENTS, 1)},
        {"message_count": 2, "analyses": dict.fromkeys(AI_AGENTS, 2)},
    ]
    return Pictures({"message_count": 3, "messages": messages}, insight_at(9), {"windows": windows})


@dataclass
class Found:
    """Evidence that can be spoilt."""

    shown: Pictures = field(default_factory=pictures)
    other: Pictures | None = None
    updates: list[Json] = field(default_factory=lambda: [insight_at(8), insight_at(9)])
    heard: list[Json] = field(default_factory=lambda: [insight_at(7), insight_at(9)])
    dead_letters: int = 0
    lag: dict[str, int] = field(default_factory=dict)
    unwell: list[str] = field(default_factory=list)

    @property
    def messages(self) -> list[Json]:
        assert self.shown.state is not None
        found: list[Json] = self.shown.state["messages"]
        return found

    @property
    def insight(self) -> Json:
        assert self.shown.insight is not None
        return self.shown.insight

    @property
    def windows(self) -> list[Json]:
        assert self.shown.timeline is not None
        found: list[Json] = self.shown.timeline["windows"]
        return found

    def judged(self) -> Verdict:
        return judge(
            Evidence(
                accepted={NAME: IDS},
                pictures={NAME: [self.shown, self.other or copy.deepcopy(self.shown)]},
                updates={NAME: self.updates},
                heard={NAME: self.heard},
                dead_letters=self.dead_letters,
                lag=self.lag,
                unwell=self.unwell,
            )
        )


def lose_a_message(found: Found) -> None:
    assert found.shown.state is not None
    found.messages.pop()
    found.shown.state["message_count"] = 2


def swap_messages(found: Found) -> None:
    found.messages.reverse()
    for number, message in enumerate(found.messages, 1):
        message["seq"] = number


def give_a_number_twice(found: Found) -> None:
    found.messages[2]["seq"] = 2


def keep_a_message_twice(found: Found) -> None:
    found.messages.append({"message_id": "third", "seq": 4})


def count_a_message_twice(found: Found) -> None:
    assert found.shown.state is not None
    found.shown.state["message_count"] = 4


def stay_partial(found: Found) -> None:
    found.insight["completeness"] = "partial"
    found.updates[-1] = found.heard[-1] = found.insight


def miss_an_analysis(found: Found) -> None:
    found.insight["agents"]["pii"]["based_on_seq"] = 2
    found.updates[-1] = found.heard[-1] = found.insight


def count_a_window_twice(found: Found) -> None:
    found.windows[0]["message_count"] = 2


def miss_an_analysis_in_a_window(found: Found) -> None:
    found.windows[1]["analyses"]["summary"] = 1


def answer_differently(found: Found) -> None:
    found.other = pictures()._replace(timeline={"windows": []})


def end_the_topic_early(found: Found) -> None:
    found.updates.pop()


def end_the_topic_with_an_older_one(found: Found) -> None:
    found.updates.append(insight_at(8))


def hear_nothing(found: Found) -> None:
    found.heard.clear()


def hear_an_older_one_last(found: Found) -> None:
    found.heard.append(insight_at(8))


def tell_two_pictures(found: Found) -> None:
    found.updates.insert(0, insight_at(8, last_seq=2))


def tell_a_socket_another_picture(found: Found) -> None:
    found.heard.insert(0, insight_at(8, based_on=2))


def bury_a_message(found: Found) -> None:
    found.dead_letters = 1


def fall_behind(found: Found) -> None:
    found.lag = {"signalstream-pii": 7}


def hang(found: Found) -> None:
    found.unwell = ["/ready said 503"]


SPOILT: dict[Callable[[Found], None], dict[str, int]] = {
    lose_a_message: {"lost": 1},
    swap_messages: {"out of order": 1},
    give_a_number_twice: {"out of order": 1},
    keep_a_message_twice: {"duplicated": 1, "out of order": 1},
    count_a_message_twice: {"duplicated": 1},
    stay_partial: {"insights without all analyses": 1},
    miss_an_analysis: {"insights without all analyses": 1},
    count_a_window_twice: {"windows miscounted": 1},
    miss_an_analysis_in_a_window: {"windows miscounted": 1},
    answer_differently: {"workers that answer differently": 1},
    end_the_topic_early: {"final revision missing in the topic": 1},
    end_the_topic_with_an_older_one: {"final revision missing in the topic": 1},
    hear_nothing: {"final revision missing on a socket": 1},
    hear_an_older_one_last: {"final revision missing on a socket": 1},
    tell_two_pictures: {"revisions with two pictures": 1},
    tell_a_socket_another_picture: {"revisions with two pictures": 1},
    bury_a_message: {"dead letters": 1},
    fall_behind: {"lag": 7},
    hang: {"not ready or not live": 1},
}


def test_all_is_well_when_nothing_is_wrong() -> None:
    verdict = Found().judged()
    assert verdict.clean
    assert verdict.sent == 3
    assert verdict.examples == []


@pytest.mark.parametrize(("spoil", "expected"), SPOILT.items(), ids=[spoil.__name__ for spoil in SPOILT])
def test_what_goes_wrong_is_counted_where_it_belongs(spoil: Callable[[Found], None], expected: dict[str, int]) -> None:
    found = Found()
    spoil(found)
    verdict = found.judged()
    assert {what: number for what, number in verdict.wrong.items() if number} == expected
    assert not verdict.clean
    assert len(verdict.examples) == len(expected)


def test_every_row_can_fail() -> None:
    assert {what for expected in SPOILT.values() for what in expected} == set(Verdict().wrong)


def test_a_worker_that_shows_nothing_has_lost_everything() -> None:
    wrong = Found(shown=Pictures(None, None, None)).judged().wrong
    assert wrong["lost"] == len(IDS)
    assert wrong["insights without all analyses"] == wrong["windows miscounted"] == 1


def test_two_pictures_are_shown_with_their_difference() -> None:
    found = Found()
    tell_a_socket_another_picture(found)
    (example,) = found.judged().examples
    assert "revision 8, topic / socket" in example
    assert "based_on_seq" in example


def test_a_picture_is_the_same_however_it_travelled() -> None:
    insight = Insight(
        conversation_id=NAME,
        tenant_id="acme",
        revision=1,
        completeness=Completeness.NONE,
        last_seq=0,
        agents={"pii": AgentStatus(status="pending")},
        last_updated=datetime(2026, 1, 1, tzinfo=UTC),
    )
    on_the_wire = [orjson.loads(insight.model_dump_json(exclude_none=left_out)) for left_out in (True, False)]
    assert on_the_wire[0] != on_the_wire[1]
    assert plain(on_the_wire[0]) == plain(on_the_wire[1])
