"""``python -m benchmarks``: measure, print, and write the figures into docs/PERFORMANCE.md."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from benchmarks import machine, report, show
from benchmarks.rounds import QUICK, Plan, run_rounds
from tests.kafka.broker import KafkaBroker
from tests.kafka.jars import why_unavailable

DOCUMENT = Path(__file__).parents[1] / "docs" / "PERFORMANCE.md"


def main(arguments: Sequence[str]) -> int:
    """Return 0, 1 when SignalStream lost or doubled a message, 2 when it cannot run here, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    console = Console()
    missing = why_unavailable()
    if missing is not None:
        print(f"benchmarks: cannot start Apache Kafka: {missing}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it, too, ends the children in order
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its clients retry while new topics elect their leaders
    try:
        return _run(_plan(options), console, None if options.quick or options.no_write else DOCUMENT)
    except KeyboardInterrupt:
        print("benchmarks: stopped; nothing was written", file=sys.stderr)
        return 130


def _run(plan: Plan, console: Console, document: Path | None) -> int:
    facts = {**machine.facts(), "Runs": f"{plan.rounds}, interleaved"}
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as directory, KafkaBroker() as broker:
        results = run_rounds(plan, broker, Path(directory), console.print)
    tables = report.tables(plan, results)
    show.show(console, facts, tables)
    if document is not None:
        show.write(document, show.markdown(facts, tables))
        console.print(f"written to {document}", highlight=False)
    return 1 if results.lost else 0


def _plan(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else Plan()
    changes = {"rounds": options.rounds, "burst_messages": options.messages}
    return replace(plan, **{name: value for name, value in changes.items() if value is not None})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small round, to see that it works; writes nothing")
    parser.add_argument("--rounds", type=_positive, help="how often each pipeline is measured (5)")
    parser.add_argument("--messages", type=_positive, help="messages of a burst (5000)")
    parser.add_argument("--no-write", action="store_true", help="leave docs/PERFORMANCE.md as it is")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
