"""``signalstream dev``: a first look. Broker, topics, one worker, sample conversations, and an end without traces.

Everything that it starts is a real command line, as a deployment would run it, and is gone when it ends.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer

from signalstream.cli.api_client import Api
from signalstream.cli.demo import Played, Stage, verdict
from signalstream.cli.dev_settings import dev_settings, require_free_port, worker_environment
from signalstream.cli.look_around import places
from signalstream.cli.samples import load_samples
from signalstream.cli.screen import Screen, result
from signalstream.cli.tables import console
from signalstream.cli.worker import command_line
from signalstream.errors import ConfigurationError
from signalstream.settings import Settings
from signalstream.streaming.embedded import EmbeddedBroker, free_port
from signalstream.streaming.lifeline import end_child, log_tail, start_child
from signalstream.streaming.preflight import ensure

READY_SECONDS = 90.0
WORKER_GRACE_SECONDS = 4.0
REQUEST_SECONDS = 40.0


@dataclass(frozen=True)
class Plan:
    """What was asked for. ``broker`` None is the embedded one."""

    settings: Settings
    broker: EmbeddedBroker | None
    folder: Path
    demo: bool
    once: bool

    @property
    def log(self) -> Path:
        """Return the worker's log."""
        return self.folder / "worker.log"


class WorkerFailedError(Exception):
    """The worker ended by itself, or was not ready in time: a defect, so its log is kept and shown."""


def dev(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the API; else SIGNALSTREAM_PORT.")] = None,
    broker: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A Kafka to use, not the embedded one.")
    ] = None,
    demo: Annotated[bool, typer.Option(help="Play the sample conversations.")] = True,
    once: Annotated[bool, typer.Option("--once", help="End after the demo; 0 when all went well.")] = False,
) -> None:
    """Run everything on this machine and play sample conversations; Ctrl-C ends it."""
    folder = Path(tempfile.mkdtemp(prefix="signalstream-dev-"))
    screen = Screen(console())
    try:
        plan = _plan(port, broker, folder, demo, once)
        code = asyncio.run(_until_signal(_run(plan, screen)))
    except WorkerFailedError as error:
        tail = log_tail(folder / "worker.log")
        typer.echo(f"signalstream: {error}; the logs are in {folder}, the worker's ends:\n{tail}", err=True)
        raise typer.Exit(1) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    raise typer.Exit(code)


def _plan(port: int | None, broker: str | None, folder: Path, demo: bool, once: bool) -> Plan:
    embedded_port = free_port()
    brokers = broker or f"127.0.0.1:{embedded_port}"
    settings = dev_settings(port, brokers, broker is None, folder / "data")
    require_free_port(settings.port)
    embedded = EmbeddedBroker(folder / "broker.log", embedded_port) if broker is None else None
    return Plan(settings, embedded, folder, demo, once)


async def _until_signal(work: Coroutine[Any, Any, int]) -> int:
    """Run ``work``; Ctrl-C, SIGTERM and a closed terminal end it in order, with code 0."""
    task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return 0


async def _run(plan: Plan, screen: Screen) -> int:
    with ExitStack() as running:
        running.callback(screen.done_waiting)
        if plan.broker is not None:
            screen.step("starting the embedded broker (in memory, forgets everything)")
            plan.broker.start()
            running.callback(plan.broker.stop)
        report = await ensure(plan.settings)
        if report.problems:
            raise ConfigurationError("; ".join(report.problems))
        screen.step(f"topics: {len(report.rows)}, of which {len(report.created)} are new")
        worker = _start_worker(plan)
        running.callback(_stop_worker, worker, screen)
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            return await _show(plan, worker, Api(session, plan.settings.url()), screen)


def _start_worker(plan: Plan) -> subprocess.Popen[bytes]:
    environment = os.environ | worker_environment(plan.settings)
    return start_child(command_line(plan.settings), plan.log, environment)


def _stop_worker(worker: subprocess.Popen[bytes], screen: Screen) -> None:
    if worker.poll() is None:
        screen.step("stopping the worker and the broker")
    end_child(worker, WORKER_GRACE_SECONDS)


async def _show(plan: Plan, worker: subprocess.Popen[bytes], api: Api, screen: Screen) -> int:
    await _until_ready(worker, plan.log, api, screen)
    conversations = [Played(sample) for sample in load_samples(_suffix(plan))] if plan.demo else []
    if plan.demo:
        screen.step(f"playing {len(conversations)} sample conversations through {api.url}/v1/messages")
        with screen.playing(conversations):
            await Stage(api, screen).play(conversations)
        screen.console.print("", result(conversations, screen.console.width), "", verdict(conversations), sep="\n")
    if plan.once:
        return 0 if all(played.succeeded for played in conversations) else 1
    for place in await places(api, conversations):
        screen.step(place)
    await _until_ended(worker)
    raise WorkerFailedError(f"the worker ended with code {worker.returncode}")


def _suffix(plan: Plan) -> str:
    """Return what tells this run's conversations from those that a lasting broker still has."""
    return "" if plan.broker is not None else f"-{int(time.time()):x}"


async def _until_ready(worker: subprocess.Popen[bytes], log: Path, api: Api, screen: Screen) -> None:
    screen.step(f"starting one worker on {api.url}")
    started = time.monotonic()
    while True:
        spent, readiness = time.monotonic() - started, await api.readiness()
        if worker.poll() == 2:
            raise ConfigurationError(log_tail(log, lines=1).removeprefix("signalstream: "))
        if worker.poll() is not None:
            raise WorkerFailedError(f"the worker ended with code {worker.returncode} before it was ready")
        if readiness.ready:
            break
        if spent > READY_SECONDS:
            raise WorkerFailedError(f"the worker is not ready after {spent:.0f} s, it waits for {readiness.detail}")
        screen.waiting(readiness.detail, spent)
        await asyncio.sleep(0.2)
    screen.done_waiting()
    screen.step(f"ready after {spent:.0f} s")


async def _until_ended(worker: subprocess.Popen[bytes]) -> None:
    while worker.poll() is None:  # noqa: ASYNC110  # a process that ends sets no event
        await asyncio.sleep(0.25)
