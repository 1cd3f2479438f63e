from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core import merging, windows
from signalstream.errors import UndecodableError
from signalstream.models.intelligence import Analysis
from tests.agents.test_aggregation import KEY, MODERATE, PATIENT, Bench, of
from tests.core.analyses import analyses, analysis
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
    made = [analysis(agent=agent) for agent in ("sentiment", "pii", "insights", "summary")]
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
