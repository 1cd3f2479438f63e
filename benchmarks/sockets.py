"""WebSockets: how many frames a second reach a thousand readers, how late, and what ten thousand idle ones hold."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.child import run_child
from benchmarks.figures import percentile, settled, spread, spread_text
from benchmarks.listeners import Heard, ListenersSpec
from benchmarks.site import Served, SiteSpec
from benchmarks.tables import Table
from benchmarks.verdict import Goal, Verdict
from signalstream.streaming.embedded import free_port

LIMIT_SECONDS = 240.0
DELIVERIES = Goal("WebSocket, 1 KB to 1,000 sockets: deliveries/s", 100_000, 170_000, "", at_least=True, digits=0)
PACED_P99 = Goal("WebSocket, 1 KB to 1,000 sockets: p99 at 20 broadcasts/s", 40, 15, "ms")
IDLE = Goal("memory for each of 10,000 idle sockets", 40, 20, "KB")


@dataclass(frozen=True)
class SocketsPlan:
    """How much is measured."""

    rounds: int = 3
    sockets: int = 1_000
    flood_seconds: float = 5.0
    paced_seconds: float = 10.0
    idle: int = 10_000


QUICK_SOCKETS = SocketsPlan(rounds=1, sockets=50, flood_seconds=0.5, paced_seconds=1.0, idle=200)


@dataclass
class Sockets:
    """What was found, in the order of rounds. ``lost`` counts paced frames that did not reach a socket."""

    deliveries: list[float] = field(default_factory=list)
    paced_p50: list[float] = field(default_factory=list)
    paced_p99: list[float] = field(default_factory=list)
    idle_kilobytes: list[float] = field(default_factory=list)
    frame_bytes: int = 0
    lost: int = 0


def run_sockets(plan: SocketsPlan, directory: Path, say: Callable[[str], None]) -> Sockets:
    """Run all rounds. Raises RuntimeError with the log's end when the site or the readers fail."""
    found = Sockets()
    for number in range(plan.rounds):
        say(f"round {number + 1} of {plan.rounds}: {plan.sockets:,} sockets")
        spec = SiteSpec(
            port=free_port(),
            sockets=plan.sockets,
            flood_seconds=plan.flood_seconds,
            paced_seconds=plan.paced_seconds,
        )
        note_frames(found, spec, *_scene(spec, directory / f"sockets-{number}"))
        say(f"round {number + 1} of {plan.rounds}: {plan.idle:,} idle sockets")
        served, _ = _scene(SiteSpec(port=free_port(), sockets=plan.idle), directory / f"idle-{number}")
        found.idle_kilobytes.append((served.bytes_after - served.bytes_before) / plan.idle / 1000)
    return found


def note_frames(found: Sockets, spec: SiteSpec, served: Served, heard: Heard) -> None:
    """Add a scene's rates and delays. Raises ValueError when no paced frame came."""
    delays = [(at - served.paced[number]) * 1000 for number, at in sorted(heard.paced)]
    found.frame_bytes = served.frame_bytes
    found.deliveries.append(heard.flooded / heard.flood_seconds)
    found.paced_p50.append(percentile(settled(delays), 0.50))
    found.paced_p99.append(percentile(settled(delays), 0.99))
    found.lost += spec.sockets * len(served.paced) - len(heard.paced)


def _scene(spec: SiteSpec, directory: Path) -> tuple[Served, Heard]:
    readers = ListenersSpec(port=spec.port, sockets=spec.sockets)
    with ThreadPoolExecutor() as both:
        site = both.submit(run_child, "benchmarks.site", spec, Served, directory / "site", LIMIT_SECONDS)
        ears = both.submit(run_child, "benchmarks.listeners", readers, Heard, directory / "ears", LIMIT_SECONDS)
        return site.result(), ears.result()


def socket_verdicts(found: Sockets) -> list[Verdict]:
    """Return the verdicts on sockets."""
    return [
        Verdict(DELIVERIES, spread(found.deliveries)),
        Verdict(PACED_P99, spread(found.paced_p99)),
        Verdict(IDLE, spread(found.idle_kilobytes)),
    ]


def socket_tables(plan: SocketsPlan, found: Sockets) -> list[Table]:
    """Return the table of sockets."""
    rows = [
        ("deliveries/s at full speed", spread_text(spread(found.deliveries), 0)),
        ("20 broadcasts/s, p50 ms", spread_text(spread(found.paced_p50), 1)),
        ("20 broadcasts/s, p99 ms", spread_text(spread(found.paced_p99), 1)),
        ("of these, frames that did not come", str(found.lost)),
        (f"KB for each of {plan.idle:,} idle sockets", spread_text(spread(found.idle_kilobytes), 1)),
    ]
    title = f"WebSockets, {found.frame_bytes:,} bytes to {plan.sockets:,} sockets: median (least-greatest)"
    return [Table(title, ("What", "Measured"), rows)]
