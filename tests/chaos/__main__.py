"""``make chaos``: a longer run of all faults, with a table at the end. Exit code 1 when a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.faults import FAULTS
from tests.chaos.run import Outcome, Plan, deployment_in, run
from tests.kafka.broker import KafkaBroker


def main() -> None:
    """Run the plan of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--cycles", type=int, default=12, help="faults in the run (about 20 s each)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="the same seed, the same faults")
    parser.add_argument("--faults", nargs="*", choices=list(FAULTS), default=list(FAULTS), metavar="FAULT")
    parser.add_argument("--rate", type=float, default=Plan.messages_per_second, help="messages a second around them")
    parser.add_argument("--setting", nargs="*", type=_setting, default=[], metavar="NAME=VALUE", help="of the workers")
    given = parser.parse_args()
    plan = Plan(seed=given.seed, cycles=given.cycles, names=given.faults, messages_per_second=given.rate)
    Console().print(
        f"seed {plan.seed}, {plan.cycles} faults of: {', '.join(plan.names)}; settings: {dict(given.setting)}"
    )
    with tempfile.TemporaryDirectory() as directory, KafkaBroker() as broker:
        deployment = deployment_in(Path(directory), broker.bootstrap)
        deployment.settings.update(given.setting)  # the workers see none of this process's environment
        try:
            outcome = asyncio.run(run(plan, broker, deployment))
        finally:
            deployment.stop()
    Console().print(table(outcome))
    sys.exit(0 if outcome.clean else 1)


def _setting(words: str) -> tuple[str, str]:
    name, equals, value = words.partition("=")
    if not equals or not name.startswith("SIGNALSTREAM_"):
        raise argparse.ArgumentTypeError(f"{words!r} is not SIGNALSTREAM_<NAME>=<value>")
    return name, value


def table(outcome: Outcome) -> Table:
    """Return the summary of a run."""
    verdict, scene = outcome.verdict, outcome.scene
    rows = {
        "faults": ", ".join(outcome.drawn),
        "messages accepted": verdict.sent,
        **verdict.wrong,
        "settled after the last fault": f"{verdict.settled_after_seconds:.1f} s",
        "what came last": ", ".join(verdict.waited_for) or "-",
        "ready again, median / slowest": spread(scene.times.ready_after),
        "SIGTERM to exit, median / slowest": spread(scene.times.stop),
        "exit codes after SIGTERM": ", ".join(map(str, scene.exit_codes)) or "-",
        "slowest answer to a POST": f"{outcome.slowest_answer_seconds:.1f} s",
        "promises that faults found broken": "; ".join(scene.broken) or "0",
        "connections of the listeners": outcome.connections,
        "examples": "; ".join(verdict.examples) or "-",
    }
    made = Table(title=f"chaos, seed {outcome.plan.seed}", show_header=False)
    for name, value in rows.items():
        made.add_row(name, str(value))
    return made


def spread(seconds: list[float]) -> str:
    """Return median and maximum."""
    return f"{statistics.median(seconds):.1f} s / {max(seconds):.1f} s" if seconds else "-"


if __name__ == "__main__":
    main()
