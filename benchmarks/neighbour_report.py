"""The neighbour's tables: the quiet tenant's latency without and with it, and what the neighbour was answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.figures import spread
from benchmarks.latency import Latency
from benchmarks.neighbour import ALONE, BESIDE, Neighbourhood, NeighbourPlan
from benchmarks.report import NOTHING, Table

ACCEPTED, COVERED = "POST, accepted", "POST to complete insight"
_FIGURES: tuple[tuple[str, Callable[[Latency], float], Callable[[Latency], float]], ...] = (
    (ACCEPTED, lambda run: run.accepted_p50, lambda run: run.accepted_p99),
    (COVERED, lambda run: run.covered_p50, lambda run: run.covered_p99),
    ("generator late", lambda run: run.late_p50, lambda run: run.late_p99),
)


def neighbour_tables(plan: NeighbourPlan, found: Neighbourhood) -> list[Table]:
    """Return every table, in the order of reading."""
    return [_latency(plan, found), _answers(plan, found)]


def _latency(plan: NeighbourPlan, found: Neighbourhood) -> Table:
    rows = [
        (
            what,
            how,
            _shown(map(p50, found.latencies[how])),
            _shown(map(p99, found.latencies[how])),
            _added(p99, how, found),
        )
        for what, p50, p99 in _FIGURES
        for how in (ALONE, BESIDE)
    ]
    title = (
        f"A quiet tenant's latency in ms at {plan.rate:g} messages/s for {plan.seconds:g} s: median (least-greatest)"
    )
    return Table(title, ("What", "How", "p50", "p99", "p99 added"), rows)


def _added(p99: Callable[[Latency], float], how: str, found: Neighbourhood) -> str:
    if how == ALONE or not found.latencies[BESIDE]:
        return ""
    with_it, without = (median(map(p99, found.latencies[each])) for each in (BESIDE, ALONE))
    return f"{with_it - without:+.1f}"


def _answers(plan: NeighbourPlan, found: Neighbourhood) -> Table:
    sent = sum(sum(each.counts.values()) for each in found.answers)
    rows = [
        (str(status) if status else "no answer", str(count), f"{count / sent:.1%}")
        for status in sorted({status for each in found.answers for status in each.counts})
        for count in [sum(each.counts.get(status, 0) for each in found.answers)]
    ]
    rows.append(("quiet tenant's messages refused or lost", str(found.lost), ""))
    title = (
        f"What the neighbour was answered, at {plan.flood_rate:g} messages/s against a limit of {plan.limit} a minute"
    )
    return Table(title, ("Status", "Answers", "Of all"), rows)


def _shown(values: Sequence[float] | map[float]) -> str:
    found = spread(values)
    return NOTHING if found is None else found.text(1)
