"""``python -m benchmarks``: measure, print, and write the figures into docs/PERFORMANCE.md.

``fast`` is how fast it is, with each of its parts by its own name (``benchmarks.parts``); ``failover`` what a reader
notices when a worker goes or comes, ``gemini`` what is promised of a remote model, ``neighbour`` what a tenant notices
of another's flood; all by default.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks import machine, show
from benchmarks.chart import chart
from benchmarks.failover import QUICK_FAILOVER, FailoverPlan, run_failover
from benchmarks.failover_report import broken, failover_tables
from benchmarks.neighbour import QUICK_NEIGHBOUR, NeighbourPlan, run_neighbour
from benchmarks.neighbour_report import neighbour_tables
from benchmarks.parts import PARTS, Extent, Outcome
from benchmarks.pipelines import ONE_WORKER, SEALED
from benchmarks.remote import broken as broken_remotely
from benchmarks.remote import remote_facts, remote_tables, run_remote, verdict
from benchmarks.remote_rows import ROWS
from benchmarks.tables import Table
from benchmarks.verdict import verdict_table
from tests.kafka.broker import KafkaBroker
from tests.kafka.jars import why_unavailable

DOCUMENT = Path(__file__).parents[1] / "docs" / "PERFORMANCE.md"
PLOT = DOCUMENT.with_name("throughput.svg")
FAST = "fast"

QUICK_MINUTES = 0.25


def main(arguments: Sequence[str]) -> int:
    """Return 0, 1 when a message was lost or doubled or a picture wrong, 2 when it cannot run, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    console = Console()
    missing = why_unavailable()
    if missing is not None:
        print(f"benchmarks: cannot start Apache Kafka: {missing}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it, too, ends the children in order
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its clients retry while new topics elect their leaders
    try:
        return _run(options, console)
    except KeyboardInterrupt:
        print("benchmarks: stopped; nothing was written", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace, console: Console) -> int:
    asked = options.measures or [FAST, *_OTHERS]
    fast = [name for name in PARTS if name in asked or FAST in asked]
    outcomes: dict[str, Outcome] = {}
    codes = [_part(name, outcomes, options, console) for name in fast]
    if outcomes:
        _tell_verdict(outcomes, options, console)
    codes += [measure(options, console) for name, measure in _OTHERS.items() if name in asked]
    return max(codes)


def _part(name: str, outcomes: dict[str, Outcome], options: argparse.Namespace, console: Console) -> int:
    extent = Extent(options.quick, options.rounds, options.messages)
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as directory, KafkaBroker() as broker:
        found = outcomes[name] = PARTS[name](extent, broker, Path(directory), partial(console.print, highlight=False))
    facts = {**machine.facts(), "Runs": f"{found.rounds}, interleaved"}
    _tell(options, console, name, facts, found.tables)
    return 1 if found.lost else 0


def _tell_verdict(outcomes: dict[str, Outcome], options: argparse.Namespace, console: Console) -> None:
    whole = outcomes.keys() == PARTS.keys()
    verdicts = [verdict for outcome in outcomes.values() for verdict in outcome.verdicts]
    _tell(options, console, show.VERDICT, machine.facts(), [verdict_table(verdicts)], whole=whole)
    bars = [bar for outcome in outcomes.values() for bar in outcome.bars]
    if whole and bars and not options.quick and not options.no_write:
        PLOT.write_text(chart("Messages per second, median and spread", bars, (SEALED, ONE_WORKER)))


def _failover(options: argparse.Namespace, console: Console) -> int:
    plan = QUICK_FAILOVER if options.quick else FailoverPlan()
    changes = {"rounds": options.failover_rounds, "seed": options.seed}
    plan = replace(plan, **{name: value for name, value in changes.items() if value is not None})
    facts = {**machine.facts(), "Runs": f"{plan.rounds} of each signal, seed {plan.seed}"}
    with tempfile.TemporaryDirectory(prefix="failover-") as directory, KafkaBroker() as broker:
        takeovers = asyncio.run(run_failover(plan, broker.bootstrap, Path(directory), console.print))
    _tell(options, console, show.FAILOVER, facts, failover_tables(plan, takeovers))
    return 1 if broken(takeovers) else 0


def _gemini(options: argparse.Namespace, console: Console) -> int:
    rows = [name for name in ROWS if name in (options.row or ROWS)]
    minutes = QUICK_MINUTES if options.quick else options.minutes
    facts = {**machine.facts(), **remote_facts(rows, minutes)}
    with tempfile.TemporaryDirectory(prefix="gemini-") as directory, KafkaBroker() as broker:
        results = run_remote(rows, minutes, broker, Path(directory), console.print)
    _tell(options, console, show.GEMINI, facts, remote_tables(results), whole=len(rows) == len(ROWS))
    console.print(verdict(results), highlight=False)
    return 1 if broken_remotely(results) else 0


def _neighbour(options: argparse.Namespace, console: Console) -> int:
    plan = QUICK_NEIGHBOUR if options.quick else NeighbourPlan()
    plan = plan if options.rounds is None else replace(plan, rounds=options.rounds)
    before = f"{os.getloadavg()[0]:.2f} before"
    with tempfile.TemporaryDirectory(prefix="neighbour-") as directory, KafkaBroker() as broker:
        found = run_neighbour(plan, broker.bootstrap, Path(directory), console.print)
    load = f"{before}, {os.getloadavg()[0]:.2f} after (mean of a minute, own load included)"
    facts = {**machine.facts(), "Runs": f"{plan.rounds}, interleaved", "Load of the machine": load}
    _tell(options, console, show.NEIGHBOUR, facts, neighbour_tables(plan, found))
    return 1 if found.lost else 0


def _tell(
    options: argparse.Namespace,
    console: Console,
    part: str,
    facts: dict[str, str],
    tables: Sequence[Table],
    *,
    whole: bool = True,
) -> None:
    show.show(console, facts, tables)
    if whole and not options.quick and not options.no_write:
        show.write(DOCUMENT, part, show.markdown(facts, tables))
        console.print(f"written to {DOCUMENT}", highlight=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("measures", nargs="*", choices=[*_NAMES, []], metavar="|".join(_NAMES), help="all when none")
    parser.add_argument("--quick", action="store_true", help="one small round, to see that it works; writes nothing")
    parser.add_argument("--rounds", type=_positive, help="how often each pipeline is measured (each part's own)")
    parser.add_argument("--messages", type=_positive, help="messages of a burst (3000)")
    parser.add_argument("--failover-rounds", type=_positive, help="how often each signal is sent (10)")
    parser.add_argument("--seed", type=int, help="who goes and what is read in the failover (random)")
    parser.add_argument("--row", action="append", choices=list(ROWS), help="of gemini; again for more; writes nothing")
    parser.add_argument("--minutes", type=_length, help="how long each row of gemini is measured (each its own)")
    parser.add_argument("--no-write", action="store_true", help="leave docs/PERFORMANCE.md as it is")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _length(text: str) -> float:
    minutes = float(text)
    if minutes < QUICK_MINUTES:
        raise argparse.ArgumentTypeError(f"must be {QUICK_MINUTES:g} or more")
    return minutes


_OTHERS = {"failover": _failover, "gemini": _gemini, "neighbour": _neighbour}
_NAMES = (FAST, *PARTS, *_OTHERS)

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
