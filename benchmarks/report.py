"""The report of ``speed`` and ``scaling``: tables from results, and how they stand to what was set out for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.figures import Spread, spread
from benchmarks.latency import Latency
from benchmarks.pipelines import BARE, ONE_WORKER, SEALED, TWO_WORKERS
from benchmarks.rounds import ORDER, SCALING, Plan, Results
from benchmarks.tables import Table
from benchmarks.throughput import Burst
from benchmarks.verdict import Goal, Verdict
from benchmarks.yardsticks.programs import AIOKAFKA, FAUST_MULTI

__all__ = ["Table", "lost_table", "ratios", "scaling_tables", "scaling_verdicts", "speed_verdicts", "tables"]

NOTHING = "no run came out whole"
Figure = Callable[[Burst], float]


def speed_verdicts(results: Results) -> list[Verdict]:
    """Return the verdicts on throughput, CPU time and latency."""
    runs = results.latencies.get(SEALED, [])
    shares = [(OF_BARE, SEALED, BARE), (OF_MULTI, SEALED, FAUST_MULTI.name), (OF_AIOKAFKA, SEALED, AIOKAFKA.name)]
    return [
        *(Verdict(goal, _percent(ratios(results, own, of)), _why(results, of)) for goal, own, of in shares),
        Verdict(CPU_OF_BARE, _percent(ratios(results, SEALED, BARE, _cpu))),
        Verdict(COVERED_P50, spread(run.covered_p50 for run in runs)),
        Verdict(COVERED_P99, spread(run.covered_p99 for run in runs)),
        Verdict(COST, _lost_percent(ratios(results, SEALED, ONE_WORKER))),
    ]


def scaling_verdicts(results: Results) -> list[Verdict]:
    """Return the verdict on a second worker."""
    return [Verdict(SECOND, ratios(results, TWO_WORKERS, ONE_WORKER))]


def tables(plan: Plan, results: Results) -> list[Table]:
    """Return the tables of ``speed``, in the order of reading."""
    return [_latency(plan, results), _throughput(plan, results, ORDER), lost_table(results)]


def scaling_tables(plan: Plan, results: Results) -> list[Table]:
    """Return the tables of ``scaling``."""
    return [_throughput(plan, results, SCALING, of=ONE_WORKER), lost_table(results)]


def lost_table(results: Results) -> Table:
    """Return what became of the messages of SignalStream's own runs."""
    return Table("SignalStream's own runs", ("What", "Messages"), [("lost or counted twice", str(results.lost))])


def ratios(results: Results, name: str, of: str = BARE, figure: Figure | None = None) -> Spread | None:
    """Return a figure of a pipeline (its rate) over that of another, round by round."""
    figure = figure or _rate
    pairs = zip(results.bursts.get(name, ()), results.bursts.get(of, ()), strict=False)
    return spread(figure(own) / figure(other) for own, other in pairs if not own.missing and not other.missing)


def _rate(burst: Burst) -> float:
    return burst.messages_per_second


def _cpu(burst: Burst) -> float:
    return burst.worker_cpu_per_1000


def _why(results: Results, name: str) -> str:
    return results.absent.get(name, NOTHING)


def _percent(found: Spread | None) -> Spread | None:
    return found and Spread(found.median * 100, found.least * 100, found.greatest * 100)


def _lost_percent(found: Spread | None) -> Spread | None:
    return found and Spread((1 - found.median) * 100, (1 - found.greatest) * 100, (1 - found.least) * 100)


def _latency(plan: Plan, results: Results) -> Table:
    rows = [
        (name, what, _shown(spread(map(p50, runs)), 1), _shown(spread(map(p99, runs)), 1))
        for name, runs in results.latencies.items()
        for what, p50, p99 in _LATENCIES
    ]
    title = f"Latency in ms at {plan.rate:g} messages/s for {plan.latency_seconds:g} s: median (least-greatest)"
    return Table(title, ("Pipeline", "What", "p50", "p99"), rows)


def _throughput(plan: Plan, results: Results, order: Sequence[str], of: str = BARE) -> Table:
    rows = [_burst_row(name, results, of) for name in order if results.bursts.get(name)]
    rows += [(name, why, "", "", "", "") for name, why in results.absent.items()]
    title = f"Throughput, {plan.burst_messages:,} messages: median (least-greatest)"
    return Table(title, ("Pipeline", "Messages/s", f"Of {of}", "CPU s/1,000", "Broker CPU s/1,000", "Missing"), rows)


def _burst_row(name: str, results: Results, of: str) -> Sequence[str]:
    bursts = results.bursts[name]
    whole = [burst for burst in bursts if not burst.missing]
    return (
        name,
        _shown(spread(burst.messages_per_second for burst in whole), 0),
        _shown(ratios(results, name, of), 2),
        _shown(spread(burst.worker_cpu_per_1000 for burst in whole), 2),
        _shown(spread(burst.broker_cpu_per_1000 for burst in whole), 2),
        str(sum(burst.missing for burst in bursts)),
    )


def _shown(found: Spread | None, digits: int) -> str:
    return NOTHING if found is None else found.text(digits)


OF_BARE = Goal("whole pipeline, everything on / bare Faust", 100, 150, "%", at_least=True, digits=0)
OF_MULTI = Goal("the same / bare Faust as an app for each step", 150, 210, "%", at_least=True, digits=0)
OF_AIOKAFKA = Goal("the same / bare aiokafka + rocksdict + changelogs", 13, 22, "%", at_least=True)
SECOND = Goal("two workers / one worker, broker pinned to the last core", 1.5, 1.8, "times", at_least=True, digits=2)
CPU_OF_BARE = Goal("CPU per 1,000 messages / bare Faust", 100, 65, "%", digits=0)
COVERED_P50 = Goal("POST to complete insight at 100 messages/s, p50", 30, 12, "ms")
COVERED_P99 = Goal("POST to complete insight at 100 messages/s, p99", 100, 45, "ms")
COST = Goal("throughput that encryption and metrics cost", 10, 5, "%")

_Row = tuple[str, Callable[[Latency], float], Callable[[Latency], float]]
_LATENCIES: tuple[_Row, ...] = (
    ("accepted", lambda run: run.accepted_p50, lambda run: run.accepted_p99),
    ("complete", lambda run: run.covered_p50, lambda run: run.covered_p99),
    ("generator late", lambda run: run.late_p50, lambda run: run.late_p99),
)
