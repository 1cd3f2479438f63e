from __future__ import annotations

from benchmarks.memory import RESIDENT, Memory, MemoryPlan, memory_tables, memory_verdicts
from benchmarks.pipelines import BARE, ONE_WORKER
from benchmarks.recovery import COLD, COLD_OF_BARE, KILLED, WARM, WARM_KILLED, WARM_START, Recovered, recovery_verdicts


def test_a_cold_start_is_held_against_bare_fausts_of_the_same_round() -> None:
    found = Recovered()
    for own, bare in ((6.0, 10.0), (9.0, 10.0), (4.0, 20.0)):
        found.note(ONE_WORKER, COLD, own)
        found.note(BARE, COLD, bare)
    found.note(ONE_WORKER, WARM, 3.0)
    found.note(ONE_WORKER, KILLED, 5.0)

    verdicts = {verdict.goal: verdict for verdict in recovery_verdicts(found)}
    cold = verdicts[COLD_OF_BARE].found
    assert cold is not None
    assert (cold.median, cold.least, cold.greatest) == (60.0, 20.0, 90.0)
    assert [verdicts[goal].reached for goal in (COLD_OF_BARE, WARM_START, WARM_KILLED)] == ["aim", "must", "no"]


def test_memory_is_judged_after_the_work_and_losses_are_told() -> None:
    found = Memory(ready=[100.0], worked=[180.0], lost=2)

    assert [(verdict.goal, verdict.reached) for verdict in memory_verdicts(found)] == [(RESIDENT, "must")]
    assert memory_tables(MemoryPlan(), found)[0].rows[-1] == ("messages lost or counted twice", "2")
