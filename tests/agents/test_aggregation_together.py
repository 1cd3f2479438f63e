from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core import merging, windows
from signalstream.errors import UndecodableError
from signalstream.models.intelligence import Analysis
from tests.agents.test_aggregation import KEY, MODERATE, PATIENT, POLICY, Bench, of
from tests.core.analyses import AGENTS, BEGIN, analyses, analysis
from tests.streaming.events import event


@given(st.lists(analyses(), min_size=1, max_size=12), st.data())
@MODERATE
def test_together_they_leave_the_same_picture_and_windows_as_one_by_one(
    made: list[Analysis], data: st.DataObject
) -> None:
    one_by_one, together = Bench(PATIENT), Bench(PATIENT)
    asyncio.run(one_by_one.take(*made))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(made)), max_size=3)) | {0, len(made)})
    for begin, end in pairwise(cuts):
        asyncio.run(together.agent.together([of(each) for each in made[begin:end]]))
    assert together.row.slots == one_by_one.row.slots
    assert together.row.windows == one_by_one.row.windows
    assert together.row.watermark == one_by_one.row.watermark
    assert [windows.view(together.window(start)) for start in together.row.windows] == [
        windows.view(one_by_one.window(start)) for start in one_by_one.row.windows
    ]


async def test_one_write_and_one_insight_stand_for_the_whole_batch() -> None:
    bench = Bench()
    made = [analysis(agent=agent) for agent in AGENTS]
    await bench.agent.together([of(each) for each in made])
    assert [shown.revision for shown in bench.shown()] == [1]
    assert merging.last_seq(bench.row) == made[0].seq


async def test_a_bad_one_in_the_batch_stops_it_before_anything_is_written() -> None:
    bench = Bench()
    with pytest.raises(UndecodableError):
        await bench.agent.together([of(analysis()), event(b"nonsense", key=KEY, topic="ai.pii")])
    assert not bench.insights
    assert not bench.windows
    assert not bench.shown()


async def test_the_analyses_of_a_backdated_message_are_all_counted_and_none_is_late() -> None:
    bench = Bench()
    await bench.take(*(analysis(agent=agent, seq=100) for agent in AGENTS))
    await bench.take(*(analysis(agent=agent, seq=1) for agent in AGENTS))
    (start, _) = bench.row.windows
    shown = windows.view(bench.window(start))
    assert (shown.status, shown.message_count, shown.late_count) == ("open", 1, 0)
    assert sum(shown.analyses.values()) == len(AGENTS)
    bench.clock.time += timedelta(seconds=POLICY.seconds + POLICY.grace_seconds)
    await bench.command("close", start)
    assert [told.closed_by for told in bench.told()] == ["deadline"]


async def test_a_message_dated_far_ahead_falls_into_a_window_of_the_present() -> None:
    bench = Bench()
    ahead = analysis(seq=1).model_copy(update={"written_at": BEGIN + timedelta(days=400)})
    await bench.take(ahead)
    (start,) = bench.row.windows
    assert start <= (ahead.received_at + windows.SKEW).timestamp()
