"""The report of ``post``: percentiles and rates of each server, and the verdicts on them."""

from __future__ import annotations

from benchmarks.figures import Spread, spread, spread_text
from benchmarks.post import OWN, Posted, PostPlan
from benchmarks.tables import Table
from benchmarks.verdict import Goal, Verdict
from benchmarks.yardsticks.programs import FASTAPI

ONE_P50 = Goal("POST, broker's acknowledgement awaited, everything on: 1 client, p50", 1.5, 0.8, "ms", digits=2)
SOME_P99 = Goal("the same: 16 clients, p99", 10, 5, "ms")
MANY_P99 = Goal("the same: 64 clients, p99", 40, 18, "ms")
OF_FASTAPI = Goal("POST requests/s at 64 clients / FastAPI + aiokafka", 90, 130, "%", at_least=True, digits=0)
BESIDE_P99 = Goal("POST at 50/s while the pipeline works at 80 % of its capacity, p99", 15, 8, "ms")


def post_verdicts(found: Posted) -> list[Verdict]:
    """Return the verdicts on POST."""
    return [
        Verdict(ONE_P50, _percentile(found, 1, 0.50)),
        Verdict(SOME_P99, _percentile(found, 16, 0.99)),
        Verdict(MANY_P99, _percentile(found, 64, 0.99)),
        Verdict(OF_FASTAPI, _of_fastapi(found), found.absent or "not run with 64 clients"),
        Verdict(BESIDE_P99, spread(run.accepted_p99 for run in found.beside)),
    ]


def post_tables(plan: PostPlan, found: Posted) -> list[Table]:
    """Return the tables of POST."""
    rows = [
        (
            name,
            str(clients),
            *(spread_text(spread(run.percentile(share) for run in runs), 2) for share in (0.50, 0.99)),
            spread_text(spread(run.per_second for run in runs), 0),
            str(sum(len(run.failures) for run in runs)),
        )
        for (name, clients), runs in sorted(found.answered.items())
    ]
    if found.absent:
        rows.append((FASTAPI.name, found.absent, "", "", "", ""))
    closed = Table(
        f"POST, {plan.seconds:g} s each: median (least-greatest)",
        ("Server", "Clients", "p50 ms", "p99 ms", "Requests/s", "Refused"),
        rows,
    )
    beside = [
        (
            what,
            spread_text(spread(run.accepted_p50 for run in runs), 1),
            spread_text(spread(run.accepted_p99 for run in runs), 1),
        )
        for what, runs in (("accepted", found.beside),)
    ]
    title = f"POST at {plan.rate:g}/s while the pipeline works at 80 % of its measured capacity, ms"
    lost = Table("SignalStream's own requests", ("What", "Requests"), [("refused, or not come out", str(found.lost))])
    return [closed, Table(title, ("What", "p50", "p99"), beside), lost]


def _percentile(found: Posted, clients: int, share: float) -> Spread | None:
    return spread(run.percentile(share) for run in found.answered.get((OWN, clients), ()))


def _of_fastapi(found: Posted) -> Spread | None:
    own, other = (found.answered.get((name, 64), []) for name in (OWN, FASTAPI.name))
    return spread(100 * a.per_second / b.per_second for a, b in zip(own, other, strict=False))
