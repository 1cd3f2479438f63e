"""What a process serves: its web services, what they stand on, and what starts and ends with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from signalstream.admission import USES_SECONDS, Admission, admission
from signalstream.composition.apps import CORE, start_up_of
from signalstream.composition.core import add_core
from signalstream.composition.parts import Parts
from signalstream.core.keys import ConversationKey
from signalstream.models.live import Update
from signalstream.originals import SealedOriginals
from signalstream.security.redacting import Redactor
from signalstream.streaming.clients import Connection, connection
from signalstream.streaming.delivery import ProducerOutbox
from signalstream.streaming.hosting import Step, host
from signalstream.streaming.ingest import KafkaIngest
from signalstream.streaming.ownership import TableOwnership
from signalstream.streaming.readiness import WorkerCondition
from signalstream.streaming.record_at import RecordsAt
from signalstream.streaming.storage import disk_part
from signalstream.streaming.tail import Tail
from signalstream.tables import conversations
from signalstream.tenant_erasure import KeyDestruction
from signalstream.topics import (
    AGGREGATED,
    KEYS,
    RAW,
)
from signalstream.web.live import LiveConversations
from signalstream.web.services import WebServices

Probe = Callable[[], Mapping[str, object]]


@dataclass
class _Frame:
    """What is awaited before requests come and at the end, and what ``/health`` shows: filled part by part."""

    before: list[Step]
    after: list[Step]
    probes: dict[str, Probe]


def web_services(parts: Parts) -> WebServices:
    """Return what the views stand on, and host what starts and ends with this process."""
    settings, kafka = parts.settings, connection(parts.settings)
    redactor = Redactor(parts.rules.find, parts.tagger, parts.policies, parts.sealer, settings.redaction_seconds)
    ingest = KafkaIngest(kafka, parts.topic(RAW), settings.produce_timeout_seconds, redactor.redact, parts.sealer)
    frame = _frame(parts, ingest, redactor)
    door = admission(settings, kafka)
    if door is not None:
        _add_door(parts, frame, door)
    _keep_audit(parts)
    tenants = KeyDestruction(parts.encryption) if parts.encryption is not None else None
    condition = WorkerCondition(
        parts.apps, ingest, frame.probes, settings.stall_seconds, settings.rebalance_timeout_seconds
    )
    services = WebServices(
        operations=condition,
        authenticator=door.check if door else None,
        metrics=parts.metrics,
        policies=parts.policies,
        tenants=tenants,
        trail=parts.audit,
    )
    if CORE in settings.roles:
        services = _with_core(parts, frame, services, kafka, ingest)
    if tenants is not None:
        frame.after.insert(0, tenants.stop)
    host(parts.main, parts.apps[1:], frame.before, frame.after)
    return services


def _frame(parts: Parts, ingest: KafkaIngest, redactor: Redactor) -> _Frame:
    frame = _Frame(
        [start_up_of(parts.settings), ingest.start, parts.analyst.start, parts.audit.start, parts.audit.checkpoint],
        [parts.analyst.stop, ingest.stop, parts.policies.stop, parts.audit.stop],
        {
            "analyst": parts.analyst.health,
            "dead letters": parts.letters.probe,
            "policies": parts.policies.health,
            "audit log": parts.audit.health,
            "redaction": redactor.health,
        },
    )
    if parts.encryption is not None:
        frame.after.append(parts.encryption.stop)
        frame.probes["encryption"] = parts.encryption.health
    return frame


def _add_door(parts: Parts, frame: _Frame, door: Admission) -> None:
    frame.before += door.before()
    frame.after[:0] = [partial(door.audit_uses, parts.audit, ending=True), *door.after()]
    frame.probes |= door.probes()
    app, outbox, topic, audit = parts.main, ProducerOutbox(parts.main), parts.topic(KEYS), parts.audit

    async def write_uses() -> None:
        while not app.should_stop:
            await app.sleep(USES_SECONDS)
            await door.write_uses(outbox, topic)
            await door.audit_uses(audit)

    app.task(write_uses)


def _keep_audit(parts: Parts) -> None:
    app, audit, seconds = parts.main, parts.audit, parts.settings.audit_checkpoint_seconds

    async def checkpoints() -> None:
        while not app.should_stop:
            await app.sleep(seconds)
            await audit.checkpoint()

    app.task(checkpoints)


def _with_core(
    parts: Parts, frame: _Frame, services: WebServices, kafka: Connection, ingest: KafkaIngest
) -> WebServices:
    settings, live = parts.settings, LiveConversations(parts.settings.live_conversations)
    tail = Tail(
        kafka,
        parts.topic(AGGREGATED),
        settings.partitions,
        settings.live_conversations,
        _shown(live, ingest),
        model=Update,
        sealer=parts.sealer,
        pace=parts.main.pace,
    )
    if parts.encryption is not None:
        parts.encryption.forgetters.append(live.forget_tenant)
    parts.metrics.read("websocket_updates_dropped", lambda: {(): live.dropped})
    frame.before.append(tail.start)
    frame.after.insert(0, tail.stop)
    frame.probes["live view"] = tail.health
    frame.probes["disk"] = lambda: disk_part(settings.data_dir, settings.low_disk_megabytes)
    frame.probes["erasures"] = lambda: {"status": "ok", "records_dropped": dict(parts.dropped)}
    reader, raw = add_core(parts), RecordsAt(kafka, parts.topic(RAW), settings.partitions)
    return replace(
        services,
        ingest=ingest,
        reader=reader,
        ownership=TableOwnership(parts.main, conversations.NAME),
        live=live,
        originals=SealedOriginals(reader, raw, parts.sealer, parts.audit),
    )


def _shown(live: LiveConversations, ingest: KafkaIngest) -> Callable[[Update], None]:
    def apply(update: Update) -> None:
        live.apply(update)
        if update.generation is not None:
            ingest.forget(ConversationKey(update.tenant_id, update.conversation_id), update.generation)

    return apply
