"""What is promised of a remote model, row by row, on a stand-in with its own quota: see ``remote_rows``."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.remote_figures import COLUMNS, CPU_COLUMNS, Found, cpu_row
from benchmarks.remote_rows import ROWS
from benchmarks.remote_stage import Stage
from benchmarks.report import Table
from tests.kafka.broker import KafkaBroker

PACKAGES = ("google-generativeai", "grpcio", "onnxruntime")
MOST_LOAD = 0.5  # of other work, with which the figures are the system's own
BEWARE = "other work kept the cores busy: times and the throughput are worse than the system's own"
Say = Callable[[str], None]


def run_remote(
    rows: Sequence[str], minutes: float | None, broker: KafkaBroker, directory: Path, say: Say
) -> Mapping[str, Found]:
    """Run these rows one after another. Raises RuntimeError or WorkerError when one does not come up."""
    stage = Stage(broker.bootstrap, broker.pid, directory, f"{random.SystemRandom().randrange(1_000_000)}", minutes)
    results: dict[str, Found] = {}
    for name in rows:
        say(f"gemini: {name}, load of the machine before it {os.getloadavg()[0]:.1f}")
        results[name] = asyncio.run(ROWS[name](stage))
        for line in told(results[name]):
            say(line)
    return results


def told(found: Found) -> Sequence[str]:
    """Return a row in a few lines."""
    figures = [f"  {each.what}: {each.measured} ({each.expected})" for each in found.figures]
    pairs = [f"{label}: {text}" for label, text in zip(COLUMNS, found.seen.beside(), strict=True)]
    failures = [f"  refused messages: {'; '.join(found.seen.posts.failures[:3])}"] if found.seen.posts.failures else []
    cpu = [f"{label}: {text}" for label, text in zip(CPU_COLUMNS, cpu_row(found.seen), strict=True)]
    return [
        *figures,
        f"  {', '.join(pairs[1:])}",
        f"  {', '.join(cpu[1:])}",
        f"  reasons: {found.seen.reasons()}",
        *failures,
    ]


def remote_tables(results: Mapping[str, Found]) -> list[Table]:
    """Return every table, in the order of reading."""
    figures = [
        (each.what, each.expected, each.measured, "yes" if each.met else "no")
        for found in results.values()
        for each in found.figures
    ]
    beside = [found.seen.beside() for found in results.values()]
    return [
        Table("A remote model, expected and measured", ("What", "Expected", "Measured", "Met"), figures),
        Table("What else was seen in these runs", COLUMNS, beside),
        Table(
            "Where the CPU went, of the time that was measured",
            CPU_COLUMNS,
            [cpu_row(each.seen) for each in results.values()],
        ),
    ]


def broken(results: Mapping[str, Found]) -> list[str]:
    """Return which promises of correctness were broken, one in a line: a measured time or rate is none of them.

    A message that POST refused is none either: whoever sent it was told so.
    """
    counted = {
        name: {
            "messages lost": len(found.seen.lost),
            "analyses without a result or a stated reason": found.seen.evidence.unexplained(),
        }
        for name, found in results.items()
    }
    return [f"{name}: {count} {what}" for name, each in counted.items() for what, count in each.items() if count]


def verdict(results: Mapping[str, Found]) -> str:
    """Return the last words on a run, one line or more."""
    lines = [f"gemini: BROKEN: {line}" for line in broken(results)]
    every = "gemini: every accepted message has its insight, and every analysis a result or a reason"
    return "\n".join(lines or [every])


def remote_facts(rows: Sequence[str], minutes: float | None) -> dict[str, str]:
    """Return label -> value of what the other measures do not tell."""
    length = "each row's own" if minutes is None else f"{minutes:g} min for each row"
    load = os.getloadavg()[0]
    facts = {
        "Analyst": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "Rows": f"{', '.join(rows)}; length: {length}",
        "Load of the machine before": f"{load:.1f}",
    }
    return facts if load < MOST_LOAD else {**facts, "Beware": BEWARE}
