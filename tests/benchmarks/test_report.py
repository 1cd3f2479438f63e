from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import report, show
from benchmarks.journal import Samples
from benchmarks.latency import summary
from benchmarks.pipelines import BARE, ONE_WORKER, SEALED
from benchmarks.report import Table
from benchmarks.rounds import Plan, Results, turned
from benchmarks.throughput import Burst

BURST = Burst(messages=1000, seconds=10.0, worker_cpu_seconds=4.0, broker_cpu_seconds=1.0, missing=0, surplus=0)
SAMPLES = Samples(late_ms=(0.0,) * 10, accepted_ms=(2.0,) * 10, covered_ms=(20.0,) * 10, failures=())


def results(own_seconds: float, missing: int = 0, sealed: float = 0.95) -> Results:
    own = replace(BURST, seconds=own_seconds, missing=missing)
    encrypted = replace(BURST, seconds=own_seconds / sealed)
    steady = summary(SAMPLES, cpu_share=0.3)
    bursts = {ONE_WORKER: [own], BARE: [BURST], SEALED: [encrypted]}
    return Results(bursts, {ONE_WORKER: [steady], BARE: [steady]})


def met(found: Results) -> list[str]:
    expected = report.tables(Plan(), found)[0]
    return [row[-1] for row in expected.rows]


def test_what_keeps_every_expectation_is_said_to() -> None:
    assert met(results(own_seconds=16.0)) == ["yes"] * 5


def test_less_than_the_expected_share_of_bare_faust_is_said_not_to_be_met() -> None:
    assert met(results(own_seconds=17.0)) == ["yes", "yes", "no", "yes", "yes"]


def test_encryption_that_costs_more_than_a_tenth_is_said_not_to_be_met() -> None:
    assert met(results(own_seconds=16.0, sealed=0.89)) == ["yes", "yes", "yes", "no", "yes"]


def test_a_run_with_missing_messages_has_no_rate_and_counts_as_loss() -> None:
    found = results(own_seconds=10.0, missing=3)
    assert found.lost == 3
    assert report.ratios(found, ONE_WORKER) is None
    assert met(found) == ["yes", "yes", "no", "no", "no"]


def test_nothing_measured_is_nothing_met() -> None:
    assert met(Results()) == ["no", "no", "no", "no", "yes"]


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
