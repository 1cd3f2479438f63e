"""``signalstream doctor``: what to run first when something is wrong. Asks everything, changes nothing."""

from __future__ import annotations

import asyncio
import json
import platform
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.text import Text

from signalstream import __version__
from signalstream.cli.configuration import sources
from signalstream.cli.doctor_deployment import Deployment
from signalstream.cli.doctor_probes import Probes
from signalstream.cli.tables import console, printable, table
from signalstream.core import diagnosis
from signalstream.core.diagnosis import Finding, Level
from signalstream.errors import SignalStreamError
from signalstream.settings import Settings, load_settings
from signalstream.streaming.application import WRITTEN_FOR

CHECK_SECONDS = 8.0  # twice that for all of them: first what is here and the broker, then what the broker knows
STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}
Found = TypeVar("Found")


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """Check everything that a deployment needs and say what to do. 0: fine or warnings, 1: broken, 2: no settings."""
    settings = load_settings()
    findings = asyncio.run(examine(settings, Deployment(settings)))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        rows = [(Text(each.level, STYLES[each.level]), each.check, each.found, each.remedy) for each in findings]
        console().print(table(("", "check", "found", "what to do"), rows, unbroken=("", "check")))
    raise typer.Exit(1 if diagnosis.failed(findings) else 0)


async def examine(settings: Settings, probes: Probes, seconds: float = CHECK_SECONDS) -> list[Finding]:
    """Return what was found. Each check has at most ``seconds``; those that need a broker run together."""
    findings = [*about_here(), *diagnosis.of_packages(probes.packages(), WRITTEN_FOR)]
    findings += [diagnosis.of_speedups(probes.missing_speedups())]
    checks = Checks(seconds)
    disk, port, broker = await asyncio.gather(
        checks.one("data directory", _async(probes.disk), diagnosis.of_disk),
        checks.one("own port", lambda: probes.worker(settings.url()), diagnosis.of_port),
        checks.one("broker", probes.broker, lambda facts: diagnosis.of_broker(*facts)),
    )
    findings += [*disk, *port, *broker]
    if diagnosis.failed(broker):
        left_out = "topics, groups, dead letters and workers were not checked: no broker answers"
        return [*findings, Finding("the rest", Level.WARN, left_out, "mend the broker first, then run this again")]
    may_create = settings.topic_creation == "create"
    parts = await asyncio.gather(
        checks.many("topics", probes.topics, lambda facts: diagnosis.of_topics(facts, may_create)),
        checks.one("rights", probes.missing_rights, diagnosis.of_rights),
        checks.many("groups", probes.groups, lambda facts: [diagnosis.of_group(each) for each in facts]),
        checks.one("dead letters", probes.letters, diagnosis.of_letters),
        checks.many("workers", lambda: _workers(probes), lambda facts: [diagnosis.of_worker(each) for each in facts]),
    )
    return [*findings, *(finding for part in parts for finding in part)]


def about_here() -> list[Finding]:
    """Describe this installation: the settings' sources, Python, the platform."""
    counted = Counter(sources().values())
    file = Path(".env").resolve()
    where = [f"{counted['env']} from the environment", f"{counted['default']} defaults"]
    where.insert(1, f"{counted['.env']} from {file}" if file.exists() else "no .env here")
    here = f"Python {platform.python_version()}, {platform.platform()}, {sys.executable}"
    return [
        Finding("settings", Level.OK, f"{', '.join(where)}; `signalstream config` lists them"),
        Finding("SignalStream", Level.OK, f"{__version__}, {here}"),
    ]


class Checks:
    """Runs probes: what they raise becomes a finding, and none takes longer than it may."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def one(
        self, check: str, probe: Callable[[], Awaitable[Found]], judge: Callable[[Found], Finding]
    ) -> list[Finding]:
        """Return the one finding of a probe."""
        return await self.many(check, probe, lambda facts: [judge(facts)])

    async def many(
        self, check: str, probe: Callable[[], Awaitable[Found]], judge: Callable[[Found], list[Finding]]
    ) -> list[Finding]:
        """Return the findings of a probe."""
        try:
            async with asyncio.timeout(self._seconds):
                return judge(await probe())
        except TimeoutError:
            return [Finding(check, Level.FAIL, f"no answer within {self._seconds:g} s", "look at the broker's load")]
        except SignalStreamError as error:
            said, _, remedy = printable(str(error)).partition("; ")
            return [Finding(check, Level.FAIL, said, remedy)]
        except Exception as error:  # noqa: BLE001 - a check that breaks must not hide what the others found
            said = printable(f"{type(error).__name__}: {error}")
            return [Finding(check, Level.FAIL, said, "this check itself broke; the others hold")]


def _async(probe: Callable[[], Found]) -> Callable[[], Awaitable[Found]]:
    return lambda: asyncio.to_thread(probe)


async def _workers(probes: Probes) -> list[diagnosis.WorkerFacts]:
    return list(await asyncio.gather(*(probes.worker(url) for url in await probes.worker_urls())))
