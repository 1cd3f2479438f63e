"""The failover's tables: what was expected, and how long each event took in the rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.failover import EVENTS, KILL, TERM, FailoverPlan, Takeover
from benchmarks.figures import spread
from benchmarks.report import NOTHING, Table

TERM_SECONDS = 3.0
KILL_SECONDS = 15.0


def failover_tables(plan: FailoverPlan, takeovers: Sequence[Takeover]) -> list[Table]:
    """Return every table, in the order of reading."""
    return [_expectations(takeovers), _spreads(plan, takeovers)]


def broken(takeovers: Sequence[Takeover]) -> int:
    """Return how many answers were outdated, pictures wrong, and rounds without a complete insight."""
    return sum(each.outdated + each.wrong + (each.complete is None) for each in takeovers)


def _expectations(takeovers: Sequence[Takeover]) -> Table:
    wrong = sum(each.outdated + each.wrong for each in takeovers)
    rows = [
        row for event, limit in ((TERM, TERM_SECONDS), (KILL, KILL_SECONDS)) for row in _rows(takeovers, event, limit)
    ]
    rows.append(("answers outdated or pictures changed", "0", str(wrong), "no" if wrong else "yes"))
    return Table("Failover, expected and measured", ("What", "Expected", "Slowest", "Met"), rows)


def _rows(takeovers: Sequence[Takeover], event: str, limit: float) -> list[Sequence[str]]:
    of_event = [each for each in takeovers if each.event == event]
    return [
        _within(f"{event}: its conversations are served", [each.all_served for each in of_event], limit),
        _within(f"{event}: a new message has its complete insight", [each.complete for each in of_event], limit),
    ]


def _within(what: str, values: Sequence[float | None], limit: float) -> Sequence[str]:
    found = [value for value in values if value is not None]
    met = bool(values) and len(found) == len(values) and max(found) < limit
    slowest = f"{max(found):.1f} s" if found else NOTHING
    return what, f"within {limit:.0f} s", slowest, "yes" if met else "no"


def _spreads(plan: FailoverPlan, takeovers: Sequence[Takeover]) -> Table:
    rows = []
    for workers in plan.workers:
        for event in EVENTS:
            of_event = [each for each in takeovers if (each.event, each.workers) == (event, workers)]
            rows.append((event, str(workers), str(len(of_event)), *(_shown(of_event, figure) for figure in _FIGURES)))
    title = f"Failover in seconds, {plan.conversations:,} conversations, seed {plan.seed}: median (least-greatest)"
    columns = ("Event", "Workers", "Rounds", "First served", "All served", "New insight", "Longest unreadable")
    return Table(title, columns, rows)


def _shown(takeovers: Sequence[Takeover], figure: Callable[[Takeover], float | None]) -> str:
    found = spread(value for value in map(figure, takeovers) if value is not None)
    return NOTHING if found is None else found.text(1)


_FIGURES: tuple[Callable[[Takeover], float | None], ...] = (
    lambda each: each.first_served,
    lambda each: each.all_served,
    lambda each: each.complete,
    lambda each: each.unreadable,
)
