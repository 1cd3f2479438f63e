"""A web site with open sockets, a process of its own: ``python -m benchmarks.site SPEC RESULT``.

The real site on its real server and its real live view; only Kafka is missing behind it: what a worker would read from
the topic of insights is put into the live view here.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from aiohttp import web

from benchmarks.instant_analyst import results
from benchmarks.processes import cpu_seconds, resident_bytes
from benchmarks.workload import TENANT
from signalstream.core.keys import ConversationKey
from signalstream.models.base import Model
from signalstream.models.intelligence import AgentStatus, Insight
from signalstream.models.live import Update
from signalstream.settings import Settings
from signalstream.web.connections import bounded_runner
from signalstream.web.live import LiveConversations
from signalstream.web.services import WebServices
from signalstream.web.site import build_web_application
from tests.fakes import FakeIngest, FakeOperations, FakeOwnership, FakeReader

KEY = ConversationKey(TENANT, "everybody")
FIRST_PACED = 1_000_000  # revisions from here on are the paced ones
OPEN_SECONDS = 120.0


class SiteSpec(Model):
    """Where it listens, for how many sockets it waits, and what it sends them: at full speed, then at a pace."""

    port: int
    sockets: int
    flood_seconds: float = 0.0
    paced_seconds: float = 0.0
    paced_rate: float = 20.0
    rest_seconds: float = 1.0


class Served(Model):
    """What the site saw; ``paced`` are the times of the paced broadcasts, in the order of their revisions."""

    frame_bytes: int
    bytes_before: int
    bytes_after: int
    flooded: int
    flood_cpu_seconds: float
    paced: tuple[float, ...]


@dataclass
class Broadcast:
    """Puts insights of one conversation into a live view."""

    live: LiveConversations
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def send(self, revision: int) -> None:
        """Show every socket a new revision."""
        self.live.apply(
            Update(
                kind="insight",
                tenant_id=KEY.tenant_id,
                conversation_id=KEY.conversation_id,
                emitted_at=self.now,
                insight=insight(revision, self.now),
            )
        )


def insight(revision: int, now: datetime) -> Insight:
    """Return an insight whose frame has about 1 KB."""
    answers = results()
    status = AgentStatus(status="ok", engine="instant", based_on_seq=1, latency_ms=1.5)
    return Insight.model_validate(
        {
            "conversation_id": KEY.conversation_id,
            "tenant_id": KEY.tenant_id,
            "revision": revision,
            "completeness": "partial",
            "last_seq": 1,
            "sentiment": answers["sentiment"],
            "insights": answers["insights"],
            "agents": {"sentiment": status, "insights": status},
            "last_updated": now,
        }
    )


async def run(spec: SiteSpec) -> Served:
    """Serve until every socket has come and all is sent. Raises TimeoutError when they do not come."""
    live = LiveConversations(100)
    services = WebServices(FakeOperations(), FakeIngest(), FakeReader(), FakeOwnership(), live)
    limit = spec.sockets + 100
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg] # pydantic-settings takes it, its stubs do not say so
        auth="off",
        default_tenant=TENANT,
        websockets=limit,
        max_connections=max(64, limit),
        requests_per_minute=1_000_000,
        requests_burst=1_000_000,
    )
    waited_for, everybody = spec.sockets, asyncio.Event()

    async def count(_: web.Request, response: web.StreamResponse) -> None:
        nonlocal waited_for
        waited_for -= response.status == 101
        if waited_for == 0:
            everybody.set()

    application = build_web_application(services, settings)
    application.on_response_prepare.append(count)
    runner = bounded_runner(application, settings)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", spec.port, backlog=1024).start()
    before = resident_bytes(os.getpid())
    async with asyncio.timeout(OPEN_SECONDS):
        await everybody.wait()
    await asyncio.sleep(spec.rest_seconds)
    after = resident_bytes(os.getpid())
    broadcast, cpu = Broadcast(live), cpu_seconds([os.getpid()])
    flooded = await _flood(broadcast, spec.flood_seconds)
    cpu = cpu_seconds([os.getpid()]) - cpu
    await asyncio.sleep(spec.rest_seconds)
    paced = await _pace(broadcast, spec)
    await asyncio.sleep(spec.rest_seconds)
    await runner.cleanup()
    return Served(
        frame_bytes=len(insight(1, broadcast.now).model_dump_json()),
        bytes_before=before,
        bytes_after=after,
        flooded=flooded,
        flood_cpu_seconds=cpu,
        paced=tuple(paced),
    )


async def _flood(broadcast: Broadcast, seconds: float) -> int:
    until, revision = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        revision += 1
        broadcast.send(revision)
        await asyncio.sleep(0)
    return revision


async def _pace(broadcast: Broadcast, spec: SiteSpec) -> list[float]:
    started, times = time.monotonic(), []
    for number in range(int(spec.paced_seconds * spec.paced_rate)):
        await asyncio.sleep(max(0.0, started + number / spec.paced_rate - time.monotonic()))
        times.append(time.monotonic())
        broadcast.send(FIRST_PACED + number)
    return times


def main(spec_path: str, result_path: str) -> None:
    """Read the specification, serve, write what was seen."""
    spec = SiteSpec.model_validate_json(Path(spec_path).read_bytes())
    Path(result_path).write_text(uvloop.run(run(spec)).model_dump_json())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
