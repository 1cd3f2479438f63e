"""What must be reached and what is aimed at, and whether the measured medians do: the first table of the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.figures import Spread
from benchmarks.tables import Table

COLUMNS = ("Measure", "Must", "Aim", "Measured: median (least-greatest)", "Reached")
TITLE = "Must, aim and measured"


@dataclass(frozen=True)
class Goal:
    """A measure with its two limits in ``unit``; ``at_least`` says that more is better."""

    measure: str
    must: float
    aim: float
    unit: str
    at_least: bool = False
    digits: int = 1

    def limit(self, value: float) -> str:
        """Return a limit as text."""
        return f"{'≥' if self.at_least else '≤'} {value:,.10g}{_spaced(self.unit)}"

    def keeps(self, limit: float, value: float) -> bool:
        """Say whether a value keeps a limit."""
        return value >= limit if self.at_least else value <= limit


@dataclass(frozen=True)
class Verdict:
    """A goal and what was measured; None with the reason when it could not be."""

    goal: Goal
    found: Spread | None
    reason: str = "no run came out whole"

    @property
    def reached(self) -> str:
        """Return ``aim``, ``must``, ``no`` or ``not measured``; the median decides."""
        if self.found is None:
            return "not measured"
        for name, limit in (("aim", self.goal.aim), ("must", self.goal.must)):
            if self.goal.keeps(limit, self.found.median):
                return name
        return "no"

    def row(self) -> Sequence[str]:
        """Return the row of the table."""
        goal = self.goal
        measured = self.reason if self.found is None else self.found.text(goal.digits) + _spaced(goal.unit)
        return goal.measure, goal.limit(goal.must), goal.limit(goal.aim), measured, self.reached


def verdict_table(verdicts: Iterable[Verdict], title: str = TITLE) -> Table:
    """Return the table of all of them."""
    return Table(title, COLUMNS, [verdict.row() for verdict in verdicts])


def _spaced(unit: str) -> str:
    return unit if unit in {"", "%"} else f" {unit}"
