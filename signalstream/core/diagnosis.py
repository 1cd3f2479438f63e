"""What the facts of a deployment mean to whoever has to mend it: ok, worth a look, or broken, and what to do.

Facts come from ``signalstream doctor``; nothing here asks anyone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

LONG_WAIT_SECONDS = 60.0
SLOW_BROKER_SECONDS = 1.0
DELIVERY_TESTS = (
    "tests/streaming tests/kafka/test_pipeline.py tests/kafka/test_two_workers.py tests/kafka/test_chaos.py"
)


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis. ``remedy`` says what to do; empty when there is nothing to do."""

    check: str
    level: Level
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class TopicFacts:
    """A topic as found. ``state`` is ok, missing, denied or mismatch."""

    name: str
    state: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class GroupFacts:
    """A consumer group and its backlog, in records and in seconds that the oldest waiting one has waited.

    ``lost`` counts committed offsets that lie before the beginning of their log: records gone before they were read.
    """

    name: str
    role: str
    state: str
    members: int
    lag: int
    oldest_seconds: float | None = None
    lost: int = 0


@dataclass(frozen=True)
class LetterFacts:
    """The dead letters, and the newest one's age and reason. ``count`` None: too many to count in time."""

    count: int | None
    newest_seconds: float | None = None
    newest_reason: str = ""


@dataclass(frozen=True)
class DiskFacts:
    """The data directory, sizes in megabytes. ``status`` is ok, low, read-only, gone or absent."""

    path: str
    status: str
    free_megabytes: int
    used_megabytes: int = 0
    tables: Mapping[str, tuple[int, ...]] | None = None


@dataclass(frozen=True)
class WorkerFacts:
    """What answered at a worker's URL. ``status`` None: nothing; empty: something that is no worker."""

    url: str
    status: str | None
    version: str = ""
    troubled: tuple[str, ...] = ()


def of_packages(installed: Mapping[str, str], written_for: Mapping[str, str]) -> list[Finding]:
    """Judge the installed versions against those that the streaming package was written for."""
    findings = []
    for name, version in installed.items():
        wanted = written_for.get(name)
        if wanted in (None, version):
            findings.append(Finding(f"package {name}", Level.OK, version))
            continue
        remedy = (
            f"the delivery promises were tested with {wanted} only; install that, or run "
            f"`pytest {DELIVERY_TESTS}` before you trust this version"
        )
        findings.append(Finding(f"package {name}", Level.WARN, f"{version}, NOT TESTED with this code", remedy))
    return findings


def of_speedups(missing: Iterable[str]) -> Finding:
    """Judge whether Faust's compiled parts are there."""
    gone = sorted(missing)
    if not gone:
        return Finding("faust's compiled parts", Level.OK, "loaded")
    remedy = "it works and is slower; install a wheel of faust-streaming that is built for this Python"
    return Finding("faust's compiled parts", Level.WARN, f"not loaded: {', '.join(gone)}", remedy)


def of_topics(topics: Iterable[TopicFacts], workers_create: bool) -> list[Finding]:
    """Judge the topics and changelogs."""
    found = list(topics)
    findings = [
        Finding(
            f"topic {each.name}", Level.FAIL, "; ".join(each.problems),
            "no worker starts like this; see `signalstream topics check`",
        )
        for each in found
        if each.state in {"mismatch", "denied"}
    ]  # fmt: skip
    missing = [each.name for each in found if each.state == "missing"]
    if missing:
        level = Level.WARN if workers_create and len(missing) == len(found) else Level.FAIL
        remedy = "`signalstream topics create` makes them; ask who removed them if workers ran here before"
        findings.append(Finding("missing topics", level, f"{', '.join(missing)}", remedy))
    good = sum(each.state == "ok" for each in found)
    return [*findings, Finding("topics", Level.OK, f"{good} of {len(found)} are as they should be")]


def of_rights(missing: str) -> Finding:
    """Judge the rights at the brokers; ``missing`` names those that the roles need and this client has not."""
    if not missing:
        return Finding("rights", Level.OK, "all that the roles need")
    remedy = "grant them to this client (docs/SETUP.md, A secured Kafka): no worker starts without"
    return Finding("rights", Level.FAIL, f"missing: {missing}", remedy)


def of_group(group: GroupFacts) -> Finding:
    """Judge a consumer group."""
    waited = f", the oldest for {duration(group.oldest_seconds)}" if group.oldest_seconds is not None else ""
    found = f"{group.state}, members: {group.members}, records waiting: {group.lag}{waited}"
    check = f"group {group.name}"
    if group.lost:
        remedy = "retention removed them before they were read; work faster or keep longer, and look for the lost ones"
        return Finding(check, Level.FAIL, f"{found}; {group.lost} partitions are behind their log's beginning", remedy)
    if group.members == 0:
        remedy = f"nobody does this work: start a worker with the role {group.role} (SIGNALSTREAM_ROLES)"
        return Finding(check, Level.FAIL if group.lag else Level.WARN, found, remedy)
    if group.oldest_seconds is not None and group.oldest_seconds > LONG_WAIT_SECONDS:
        remedy = (
            f"it does not keep up: look at /live and the log of its workers, or start more of the role {group.role}"
        )
        return Finding(check, Level.WARN, found, remedy)
    return Finding(check, Level.OK, found)


def of_letters(letters: LetterFacts) -> Finding:
    """Judge the dead letters."""
    if letters.count == 0:
        return Finding("dead letters", Level.OK, "none")
    many = "more than could be counted in time" if letters.count is None else str(letters.count)
    newest = ""
    if letters.newest_seconds is not None:
        newest = f", the newest {duration(letters.newest_seconds)} ago ({letters.newest_reason})"
    remedy = "`signalstream dlq list` shows them; mend the cause, then `signalstream dlq redrive`"
    return Finding("dead letters", Level.WARN, f"{many}{newest}", remedy)


def of_disk(disk: DiskFacts) -> Finding:
    """Judge the data directory."""
    tables = "; ".join(f"{name}: {_numbers(numbers)}" for name, numbers in sorted((disk.tables or {}).items()))
    found = f"{disk.path}: {disk.free_megabytes} MB free, {disk.used_megabytes} MB used"
    found += f" (partitions of {tables})" if tables else ""
    if disk.status == "ok":
        return Finding("data directory", Level.OK, found)
    if disk.status == "absent":
        return Finding("data directory", Level.OK, f"{disk.path}: not there yet, {disk.free_megabytes} MB free")
    if disk.status == "low":
        return Finding(
            "data directory", Level.WARN, found, "free some space before it is full: a full disk ends the worker"
        )
    remedy = "make it writable for the worker's user, or choose another with SIGNALSTREAM_DATA_DIR"
    return Finding("data directory", Level.FAIL, f"{disk.path}: cannot be written", remedy)


def of_port(worker: WorkerFacts) -> Finding:
    """Judge what is at this process's own address."""
    if worker.status is None:
        return Finding("own port", Level.OK, f"{worker.url}: free, no worker runs here")
    if not worker.status:
        remedy = "something else has the port: choose another with SIGNALSTREAM_PORT or --web-port"
        return Finding("own port", Level.FAIL, f"{worker.url}: answered by something that is no worker", remedy)
    return _worker("own port", worker)


def of_worker(worker: WorkerFacts) -> Finding:
    """Judge a member of the core group by the URL that it gives to the others."""
    if worker.status is None or not worker.status:
        remedy = (
            "the others forward reads to this URL: set SIGNALSTREAM_ADVERTISED_URL on that worker to one that they "
            "reach, and open the way"
        )
        return Finding("worker", Level.FAIL, f"{worker.url}: does not answer from here", remedy)
    return _worker("worker", worker)


def of_broker(seconds: float, nodes: int, version: str) -> Finding:
    """Judge the broker."""
    found = f"{version}, {nodes} node{'' if nodes == 1 else 's'}, answers in {seconds * 1000:.0f} ms"
    if seconds > SLOW_BROKER_SECONDS:
        return Finding("broker", Level.WARN, found, "it is slow: look at its load, its disks and the network between")
    return Finding("broker", Level.OK, found)


def failed(findings: Iterable[Finding]) -> bool:
    """Say whether anything is broken."""
    return any(finding.level is Level.FAIL for finding in findings)


def duration(seconds: float) -> str:
    """Return a span in the largest unit that it fills."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _worker(check: str, worker: WorkerFacts) -> Finding:
    found = f"{worker.url}: SignalStream {worker.version}, {worker.status}"
    if worker.troubled:
        return Finding(check, Level.WARN, f"{found} ({', '.join(worker.troubled)})", f"see {worker.url}/health")
    return Finding(check, Level.OK, found)


def _numbers(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))
