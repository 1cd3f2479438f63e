"""Rounds of a rebuild: each takes every partition to where the served version has committed, and compares.

Never beyond that: what the served version has not acknowledged is not done yet (its turn or its update may not have
been sent), and is left for the next version's workers to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from signalstream.cli.rebuild_log import Logs, Offsets, RebuildLog
from signalstream.core.erasure import asks_erasure, asks_if_idle
from signalstream.core.rebuild import Comparison
from signalstream.errors import ConfigurationError
from signalstream.streaming.groups import committed, describe
from signalstream.streaming.versions import BUILDING, BUILT
from signalstream.tables.replay import ChangedRows, Rebuilt, Replay
from signalstream.tables.rules import Rules
from signalstream.tables.settlement import Standing, settle

RECORDS_PER_COMMIT = 2_000


class Progress(Protocol):
    """Who is told how far a round has come."""

    def begin(self, records: int) -> None:
        """Say how many records the round has to take."""
        ...

    def took(self, records: int) -> None:
        """Say that records were taken."""
        ...


@dataclass(frozen=True)
class Plan:
    """A partition's part of a round. ``starts`` hold None for the beginning; ``afresh`` forgets what was made before.

    ``commits`` are what the served version has committed, those of its commands included.
    """

    partition: int
    starts: Mapping[TopicPartition, int | None]
    targets: Offsets
    beginnings: Offsets
    commits: Offsets
    afresh: bool

    @property
    def records(self) -> int:
        """Return how many records there are to take."""
        return sum(max(0, self.targets[each] - self._from(each)) for each in self.targets)

    @property
    def cut(self) -> frozenset[str]:
        """Return the topics from which retention has removed records."""
        return frozenset(each.topic for each, offset in self.beginnings.items() if offset > 0)

    def resting(self, ends: Offsets) -> frozenset[str]:
        """Return the topics in which nothing lies beyond the target when they end there."""
        return frozenset(each.topic for each, target in self.targets.items() if target >= ends[each])

    def _from(self, partition: TopicPartition) -> int:
        start = self.starts[partition]
        return self.beginnings[partition] if start is None else start


async def require_unused(log: RebuildLog) -> None:
    """Raise ConfigurationError unless the next version's group is empty and has never been a worker's."""
    settings = log.logs.rebuilt
    group = (await describe(log.admin, [settings.core_id()]))[settings.core_id()]
    again = f"choose another number with --to, or drop it first: `signalstream rebuild --drop {settings.app_version}`"
    if group.in_use:
        raise ConfigurationError(f"version {settings.app_version} has workers (group {group.name}); {again}")
    partitions = [each for number in range(settings.partitions) for each in log.logs.read(number)]
    notes = {each.metadata for each in (await committed(log.admin, group.name, partitions)).values()}
    if notes - {BUILDING, BUILT}:
        raise ConfigurationError(f"version {settings.app_version} has served already; {again}")


async def plans(log: RebuildLog) -> list[Plan]:
    """Return what there is to do now. Raises ConfigurationError when the served version has never committed."""
    logs = log.logs
    every = [each for number in range(logs.served.partitions) for each in logs.committed(number)]
    served = await committed(log.admin, logs.served.core_id(), every)
    made = await committed(log.admin, logs.rebuilt.core_id(), every)
    beginnings = await log.beginnings(every)
    if not served and any((await log.ends(every)).values()):
        raise ConfigurationError(
            f"version {logs.served.app_version} has committed nothing (group {logs.served.core_id()}), so there is "
            "nothing to rebuild; check SIGNALSTREAM_APP_ID and SIGNALSTREAM_APP_VERSION"
        )
    return [
        _plan(logs, number, served=served, made=made, beginnings=beginnings) for number in range(logs.served.partitions)
    ]


def _plan(
    logs: Logs,
    number: int,
    *,
    served: Mapping[TopicPartition, OffsetAndMetadata],
    made: Mapping[TopicPartition, OffsetAndMetadata],
    beginnings: Offsets,
) -> Plan:
    read = logs.read(number)
    targets = {each: served[each].offset if each in served else beginnings[each] for each in read}
    # What retention took from behind an interrupted rebuild is missing in its rows, so it begins again.
    afresh = any(each not in made or made[each].offset < min(beginnings[each], targets[each]) for each in read)
    return Plan(
        partition=number,
        starts={each: None if afresh else made[each].offset for each in read},
        targets=targets,
        beginnings={each: beginnings[each] for each in read},
        commits={each: served[each].offset for each in logs.committed(number) if each in served},
        afresh=afresh,
    )


async def play_round(log: RebuildLog, rules: Rules, progress: Progress) -> Comparison:
    """Take every partition to where the served version is, and return how the two compare."""
    at = datetime.now(UTC)
    todo = await plans(log)
    progress.begin(sum(plan.records for plan in todo))
    total = Comparison()
    for plan in todo:
        total += await _play(log, plan, rules, at, progress)
    return total


async def lag(log: RebuildLog) -> int:
    """Return how many records the served version is ahead."""
    return sum(plan.records for plan in await plans(log))


async def _play(log: RebuildLog, plan: Plan, rules: Rules, at: datetime, progress: Progress) -> Comparison:
    served, _ = await log.rows(log.logs.served, plan.partition)
    resting = plan.resting(await log.ends(plan.targets))  # asked now: the rows may be newer than the plan
    replay = Replay(served, await _begin(log, plan), rules, plan.cut, at)
    await _take(log, plan, replay, progress)
    replay.close_due(datetime.now(UTC))
    standing = Standing(log.logs.raw, log.logs.analyses, resting, at)
    comparison = settle(replay, standing)
    await log.write(plan.partition, replay.rebuilt)
    await log.commit({**plan.targets, **plan.commits}, complete=True)
    return comparison


async def _begin(log: RebuildLog, plan: Plan) -> Rebuilt:
    rows, carried = await log.rows(log.logs.rebuilt, plan.partition)
    rebuilt = Rebuilt(
        ChangedRows(rows.conversations),
        ChangedRows(rows.insights),
        ChangedRows(rows.windows),
        carried,
        ChangedRows(rows.erasures),
    )
    if plan.afresh:
        rebuilt.carried.clear()
        for table in rebuilt.named().values():
            for key in list(table):
                del table[key]
    return rebuilt


def _replay(replay: Replay, record: Any, value: bytes | None, raw: str) -> None:
    at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    if record.topic != raw:
        replay.analysis(record.topic, record.key, value, at)
    elif asks_if_idle(record.headers):
        pass  # the served version's marks say whether it was done
    elif asks_erasure(record.headers):
        replay.erasure(record.key, record.offset, at)
    else:
        replay.message(record.topic, record.key, value, offset=record.offset, at=at)


async def _take(log: RebuildLog, plan: Plan, replay: Replay, progress: Progress) -> None:
    taken = {each: plan.beginnings[each] if start is None else start for each, start in plan.starts.items()}
    count = 0
    async for record in log.between(plan.starts, plan.targets):
        value = log.opened(record)
        if value is not None or record.value is None:  # else it is erased
            _replay(replay, record, value, log.logs.raw)
        taken[TopicPartition(record.topic, record.partition)] = record.offset + 1
        count += 1
        progress.took(1)
        if count % RECORDS_PER_COMMIT == 0:
            await log.write(plan.partition, replay.rebuilt)
            await log.commit(taken, complete=False)
