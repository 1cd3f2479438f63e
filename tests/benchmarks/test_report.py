from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import report, show
from benchmarks.journal import Samples
from benchmarks.latency import summary
from benchmarks.pipelines import BARE, ONE_WORKER, SEALED
from benchmarks.rounds import Plan, Results, turned
from benchmarks.tables import Table
from benchmarks.throughput import Burst
from benchmarks.yardsticks.programs import AIOKAFKA

BURST = Burst(messages=1000, seconds=10.0, worker_cpu_seconds=4.0, broker_cpu_seconds=1.0, missing=0, surplus=0)
SAMPLES = Samples(late_ms=(0.0,) * 10, accepted_ms=(2.0,) * 10, covered_ms=(20.0,) * 10, failures=())


def results(own_seconds: float, missing: int = 0, plain: float = 0.95) -> Results:
    """Bare Faust takes 10 s; SignalStream with everything on ``own_seconds``, without ``plain`` times that."""
    own = replace(BURST, seconds=own_seconds, missing=missing)
    steady = summary(SAMPLES, cpu_share=0.3)
    bursts = {SEALED: [own], BARE: [BURST], ONE_WORKER: [replace(BURST, seconds=own_seconds * plain)]}
    return Results(bursts, {SEALED: [steady], BARE: [steady]}, absent={AIOKAFKA.name: "it is not here"})


def reached(found: Results) -> dict[str, str]:
    return {verdict.goal.measure: verdict.reached for verdict in report.speed_verdicts(found)}


def test_what_keeps_the_must_or_the_aim_is_said_to() -> None:
    assert reached(results(own_seconds=10.0))[report.OF_BARE.measure] == "must"
    assert reached(results(own_seconds=6.0))[report.OF_BARE.measure] == "aim"
    assert reached(results(own_seconds=10.1))[report.OF_BARE.measure] == "no"


def test_what_encryption_and_metrics_cost_is_the_throughput_that_is_lost() -> None:
    found = report.ratios(results(own_seconds=10.0, plain=0.9), SEALED, ONE_WORKER)
    assert found is not None
    assert found.median == pytest.approx(0.9)
    assert reached(results(own_seconds=10.0, plain=0.89))[report.COST.measure] == "no"
    assert reached(results(own_seconds=10.0, plain=0.99))[report.COST.measure] == "aim"


def test_a_run_with_missing_messages_has_no_rate_and_counts_as_loss() -> None:
    found = results(own_seconds=10.0, missing=3)
    assert found.lost == 3
    assert report.ratios(found, SEALED) is None
    assert reached(found)[report.OF_BARE.measure] == "not measured"


def test_a_yardstick_that_cannot_run_says_why_in_its_rows() -> None:
    found = results(own_seconds=10.0)
    row = next(line.row() for line in report.speed_verdicts(found) if line.goal == report.OF_AIOKAFKA)
    assert row[3:] == ("it is not here", "not measured")
    assert (AIOKAFKA.name, "it is not here", "", "", "", "") in report.tables(Plan(), found)[1].rows


def test_nothing_measured_is_nothing_reached() -> None:
    assert set(reached(Results()).values()) == {"not measured"}


def test_a_request_that_never_came_out_is_counted_and_not_averaged_away() -> None:
    steady = summary(SAMPLES.model_copy(update={"covered_ms": (20.0,) * 9 + (None,)}), cpu_share=0.3)
    assert (steady.missing, steady.covered_p99) == (1, 20.0)


def test_nothing_that_came_through_is_an_error_that_tells_the_failures() -> None:
    broken = SAMPLES.model_copy(update={"accepted_ms": (None,) * 10, "failures": ("ConnectionError: refused",)})
    with pytest.raises(RuntimeError, match="refused"):
        summary(broken, cpu_share=0.0)


def test_each_round_begins_with_another_pipeline() -> None:
    assert [turned("abc", number)[0] for number in range(4)] == ["a", "b", "c", "a"]


def test_the_figures_replace_what_stood_between_the_markers_and_nothing_else() -> None:
    text = show.markdown({"Date": "today"}, [Table("T", ("a", "b"), [("1", "2")])])
    begin, end = (show.marker("figures", edge) for edge in ("begin", "end"))
    once = show.between_markers(f"before\n{begin}\nold\n{end}\nafter\n", "figures", text)
    assert once == show.between_markers(once, "figures", text)
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert "| 1 | 2 |" in once
    assert "old" not in once


def test_a_document_without_markers_is_left_alone() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        show.between_markers("no markers", "figures", "text")
