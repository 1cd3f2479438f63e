"""The report: tables from results, for the terminal and for docs/PERFORMANCE.md, and what was expected of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.figures import Spread, spread
from benchmarks.latency import Latency
from benchmarks.pipelines import BARE, ONE_WORKER, SEALED
from benchmarks.rounds import ORDER, Plan, Results

POST_P99_MS = 10.0
COVERED_P99_MS = 250.0
SHARE_OF_BARE = 0.60
SHARE_SEALED = 0.90
NOTHING = "no run came out whole"


@dataclass(frozen=True)
class Table:
    """A table of text."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(plan: Plan, results: Results) -> list[Table]:
    """Return every table, in the order of reading."""
    return [_expectations(results), _latency(plan, results), _throughput(plan, results)]


def ratios(results: Results, name: str, of: str = BARE) -> Spread | None:
    """Return the rate of a pipeline over that of another, round by round."""
    pairs = zip(results.bursts.get(name, ()), results.bursts.get(of, ()), strict=True)
    return spread(
        own.messages_per_second / bare.messages_per_second
        for own, bare in pairs
        if not own.missing and not bare.missing
    )


def _expectations(results: Results) -> Table:
    runs = results.latencies.get(ONE_WORKER, [])
    rows = [
        _most("POST, p99", _median(runs, lambda run: run.accepted_p99), POST_P99_MS),
        _most("POST to complete insight, p99", _median(runs, lambda run: run.covered_p99), COVERED_P99_MS),
        _least("throughput of one worker, of bare Faust", ratios(results, ONE_WORKER), SHARE_OF_BARE),
        _least("throughput with encryption, of that without", ratios(results, SEALED, ONE_WORKER), SHARE_SEALED),
        ("messages lost or counted twice", "0", str(results.lost), "no" if results.lost else "yes"),
    ]
    return Table("Expected and measured (one worker)", ("What", "Expected", "Median", "Met"), rows)


def _most(what: str, value: float | None, limit: float) -> Sequence[str]:
    shown = NOTHING if value is None else f"{value:.1f} ms"
    return what, f"below {limit:.0f} ms", shown, "yes" if value is not None and value < limit else "no"


def _least(what: str, ratio: Spread | None, share: float) -> Sequence[str]:
    shown = NOTHING if ratio is None else f"{ratio.median:.0%}"
    return what, f"at least {share:.0%}", shown, "yes" if ratio is not None and ratio.median >= share else "no"


def _median(runs: Sequence[Latency], figure: Callable[[Latency], float]) -> float | None:
    return median(map(figure, runs)) if runs else None


def _latency(plan: Plan, results: Results) -> Table:
    rows = [
        (name, what, _shown(spread(map(p50, runs)), 1), _shown(spread(map(p99, runs)), 1))
        for name, runs in results.latencies.items()
        for what, p50, p99 in _LATENCIES
    ]
    title = f"Latency in ms at {plan.rate:g} messages/s for {plan.latency_seconds:g} s: median (least-greatest)"
    return Table(title, ("Pipeline", "What", "p50", "p99"), rows)


def _throughput(plan: Plan, results: Results) -> Table:
    rows = [_burst_row(name, results) for name in ORDER if results.bursts.get(name)]
    title = f"Throughput of SignalStream and of bare Faust, {plan.burst_messages:,} messages: median (least-greatest)"
    columns = ("Pipeline", "Messages/s", "Of bare", "CPU s/1,000", "Broker CPU s/1,000", "Missing")
    return Table(title, columns, rows)


def _burst_row(name: str, results: Results) -> Sequence[str]:
    bursts = results.bursts[name]
    whole = [burst for burst in bursts if not burst.missing]
    return (
        name,
        _shown(spread(burst.messages_per_second for burst in whole), 0),
        _shown(ratios(results, name), 2),
        _shown(spread(burst.worker_cpu_per_1000 for burst in whole), 2),
        _shown(spread(burst.broker_cpu_per_1000 for burst in whole), 2),
        str(sum(burst.missing for burst in bursts)),
    )


def _shown(found: Spread | None, digits: int) -> str:
    return NOTHING if found is None else found.text(digits)


_Row = tuple[str, Callable[[Latency], float], Callable[[Latency], float]]
_LATENCIES: tuple[_Row, ...] = (
    ("accepted", lambda run: run.accepted_p50, lambda run: run.accepted_p99),
    ("complete", lambda run: run.covered_p50, lambda run: run.covered_p99),
    ("generator late", lambda run: run.late_p50, lambda run: run.late_p99),
)
