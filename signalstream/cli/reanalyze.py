"""``signalstream reanalyze``: let the chosen analyst answer what a lesser one answered while it was away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, TypeVar

import typer
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from signalstream.ai.choice import chosen_name
from signalstream.cli.bars import Bars
from signalstream.cli.dlq_choice import moment
from signalstream.cli.dlq_log import consumer, partitions, producer, records
from signalstream.cli.dlq_options import DryRun, Since, Tenant, Until
from signalstream.cli.erased import read_marks
from signalstream.cli.tables import console
from signalstream.core.clock import SystemClock
from signalstream.core.reanalysis import Degraded, Wanted
from signalstream.core.sealing import Sealer
from signalstream.encryption import opened_sealer
from signalstream.errors import ConfigurationError, KeyDestroyedError, UndecodableError
from signalstream.models.agents import ADDRESSED, AI_AGENTS
from signalstream.models.base import Versioned
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import Analysis
from signalstream.settings import Settings, load_settings
from signalstream.streaming.values import read
from signalstream.topics import AI_TOPICS, TURNS

WHICH = "say which analyses: --agent, --tenant, --since or --until, or --all"
LOCAL = (
    "the chosen analyst is the local one, whose answers would be the same again; choose a remote one first, by "
    "SIGNALSTREAM_ANALYST or GEMINI_API_KEY, as the workers have it"
)
Agents = Annotated[list[str] | None, typer.Option("--agent", help="Only this agent's; may be given several times.")]
All = Annotated[bool, typer.Option("--all", help="All that are degraded.")]
PerMinute = Annotated[
    int, typer.Option(min=1, max=1_000_000, help="Turns sent again a minute; new messages wait behind them.")
]
V = TypeVar("V", bound=Versioned)


def reanalyze(
    *,
    agent: Agents = None, tenant: Tenant = None, since: Since = None, until: Until = None, everything: All = False,
    per_minute: PerMinute = 1_000, dry_run: DryRun = False,
) -> None:  # fmt: skip
    """Send turns whose analyses are degraded to their agents again; a better analysis then replaces the lesser one."""
    now = SystemClock().now()
    wanted = Wanted(_known(agent or []), tenant, moment("--since", since, now), moment("--until", until, now))
    if wanted == Wanted() and not everything:
        raise ConfigurationError(WHICH)
    settings = load_settings()
    if chosen_name(settings) == "local":
        raise ConfigurationError(LOCAL)
    asyncio.run(_reanalyze(settings, wanted, 60.0 / per_minute, dry_run))


def _known(agents: list[str]) -> frozenset[str]:
    if unknown := sorted(set(agents) - set(AI_AGENTS)):
        raise ConfigurationError(f"--agent: there is no agent {', '.join(unknown)}; known: {', '.join(AI_AGENTS)}")
    return frozenset(agents)


async def _reanalyze(settings: Settings, wanted: Wanted, seconds_between: float, dry_run: bool) -> None:
    degraded = Degraded(wanted)
    async with opened_sealer(settings) as sealer, consumer(settings) as reader:
        for spec, agent in zip(AI_TOPICS, AI_AGENTS, strict=True):
            if not wanted.agents or agent in wanted.agents:
                async for record in _read(reader, await partitions(settings, spec), f"reading {spec.name}"):
                    degraded.add(_read_value(sealer, Analysis, record))
        found = len(degraded)
        if dry_run:
            console().print(f"would send {found} turns again; nothing was sent")
            return
        sent = await _send_again(settings, reader, sealer, degraded, seconds_between) if found else 0
    gone = f"; {found - sent} are no longer in their topic, or erased" if sent < found else ""
    console().print(f"sent {sent} turns again{gone}. Their analyses come as fast as the analyst's quota allows.")


async def _send_again(
    settings: Settings, reader: AIOKafkaConsumer, sealer: Sealer, degraded: Degraded, seconds_between: float
) -> int:
    sent, marks = 0, await read_marks(settings, sealer)
    async with producer(settings) as writer:
        async for record in _read(reader, await partitions(settings, TURNS), "sending turns again"):
            for turn in _read_value(sealer, Turn, record):
                agents = degraded.take(turn)
                if agents and turn.generation >= marks.generation(record.key):
                    await _send(writer, record, agents)
                    sent += 1
                    await asyncio.sleep(seconds_between)
    return sent


async def _send(writer: AIOKafkaProducer, record: ConsumerRecord, agents: Sequence[str]) -> None:
    kept = [(name, value) for name, value in record.headers if name != ADDRESSED]
    headers = [*kept, (ADDRESSED, ",".join(agents).encode())]
    await writer.send_and_wait(record.topic, record.value, record.key, partition=record.partition, headers=headers)


async def _read(reader: AIOKafkaConsumer, of: list[TopicPartition], what: str) -> AsyncIterator[ConsumerRecord]:
    """Yield what lies in these partitions now."""
    begins, ends = await reader.beginning_offsets(of), await reader.end_offsets(of)
    ranges = {partition: (begins[partition], ends[partition]) for partition in of}
    with Bars().bar(what, sum(end - begin for begin, end in ranges.values())) as advance:
        async for batch in records(reader, ranges):
            for record in batch:
                yield record
            advance(len(batch))


def _read_value(sealer: Sealer, model: type[V], record: ConsumerRecord) -> tuple[V, ...]:
    try:
        return (read(sealer, model, record),)
    except (UndecodableError, KeyDestroyedError):  # its agent has made it a dead letter, or it is erased
        return ()
