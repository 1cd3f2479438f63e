from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from signalstream.agents.retention_sweep import RetentionSweep
from signalstream.core import windows
from signalstream.core.deadlines import Deadlines
from signalstream.core.policies import OnePolicy
from signalstream.core.windows import WindowPolicy
from signalstream.errors import BrokerUnavailableError
from signalstream.models.conversation import ConversationState
from signalstream.models.policy import TenantPolicy
from signalstream.models.windows import WindowCommand
from signalstream.streaming.values import decode
from signalstream.tables.retention import Requests
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import WindowTable, row_key
from tests.agents.test_erasure import KEY, Worker, done
from tests.core.analyses import BEGIN, analysis
from tests.fakes import FakeAuditTrail, FixedClock, RecordingOutbox
from tests.streaming.events import FakeEvent, event

WEEK = timedelta(days=7)
ONE_WEEK = TenantPolicy(tenant_id="acme", retention_messages_days=7, retention_windows_days=7)
LONG = WindowPolicy(seconds=4, grace_seconds=2, retention_seconds=10_000_000, per_conversation=50)


class Bench:
    """A sweep over the rows of a worker."""

    def __init__(self, worker: Worker, policy: TenantPolicy = ONE_WEEK) -> None:
        self.worker, self.outbox, self.audit = worker, RecordingOutbox(), FakeAuditTrail()
        self.windows = WindowTable(worker.rows["windows"], Deadlines())
        self.clock = FixedClock(BEGIN)
        self.sweep = RetentionSweep(
            TypedTable(worker.rows["conversations"], ConversationState, "conversations"),
            self.windows,
            Requests(OnePolicy(policy), "raw", "windows"),
            self.outbox,
            self.audit,
            self.clock,
            1.0,
        )

    def requests(self, at: datetime) -> list[FakeEvent]:
        """Return the requests to erase as they arrive on the raw topic, behind its messages."""
        return [
            event(sent.value, key=sent.key, topic="raw", headers=sent.headers,
                  offset=len(self.worker.log) + number, timestamp=at.timestamp())
            for number, sent in enumerate(self.outbox.on("raw"))
        ]  # fmt: skip


async def bench(policy: TenantPolicy = ONE_WEEK) -> Bench:
    worker = Worker()
    worker.post(1)
    worker.post(2)
    return Bench(await done(worker), policy)


async def test_a_conversation_that_was_silent_for_its_retention_is_erased_by_its_owner():
    swept = await bench()
    worker = swept.worker
    swept.clock.time = BEGIN + WEEK
    await swept.sweep.sweep()
    assert swept.requests(BEGIN) == []

    swept.clock.time += timedelta(seconds=2)
    await swept.sweep.sweep()
    (request,) = swept.requests(swept.clock.time)
    await worker.joining.step(request)
    for command in worker.commands():
        await worker.merging.step(command)

    assert worker.picture() == (None, None, None)
    assert {name for name, rows in worker.rows.items() if rows} == {"erasures"}


async def test_a_message_that_came_before_the_request_keeps_the_conversation():
    swept = await bench()
    worker = swept.worker
    before = worker.picture()
    swept.clock.time = BEGIN + 2 * WEEK
    await swept.sweep.sweep()
    state = decode(ConversationState, worker.rows["conversations"][KEY.encode()])
    alive = state.model_copy(update={"last_message_at": swept.clock.time})
    TypedTable(worker.rows["conversations"], ConversationState, "conversations").put(KEY.encode(), alive)

    (request,) = swept.requests(swept.clock.time)
    await worker.joining.step(request)

    assert worker.commands() == []
    assert worker.picture() == before
    assert worker.rows["erasures"] == {}


async def test_a_request_that_was_done_is_done_again_when_it_is_delivered_again():
    swept = await bench()
    worker = swept.worker
    swept.clock.time = BEGIN + 2 * WEEK
    await swept.sweep.sweep()
    (request,) = swept.requests(swept.clock.time)
    await worker.joining.step(request)
    await worker.joining.step(request)

    first, again = (each.message.value for each in worker.commands())
    assert first == again


async def test_a_closed_window_is_asked_to_go_under_its_conversations_key_with_its_tenants_retention():
    swept = Bench(Worker())
    window = windows.close(windows.opened(analysis(), BEGIN, LONG), "deadline")
    swept.windows.put(row_key(KEY.encode(), window.start), window)
    swept.clock.time = window.deadline + WEEK

    await swept.sweep.sweep()

    (sent,) = swept.outbox.on("windows")
    assert sent.key == KEY.encode()
    assert decode(WindowCommand, sent.value) == WindowCommand(
        command="expire", start=window.start, kept_seconds=604_800
    )


async def test_each_tenant_and_class_is_in_the_audit_log_before_anything_is_asked_for():
    swept = await bench()
    swept.clock.time = BEGIN + 2 * WEEK
    swept.audit.error = BrokerUnavailableError("no ack")
    with pytest.raises(BrokerUnavailableError):
        await swept.sweep.sweep()
    assert swept.outbox.sent == []

    swept.audit.error = None
    await swept.sweep.sweep()

    assert [(each.action, each.tenant, each.actor, each.subject) for each in swept.audit.events] == [
        ("retention.swept", KEY.tenant_id, "worker", "conversations")
    ]
    assert swept.audit.events[0].detail["rows"] == 1


async def test_without_a_retention_nothing_is_asked_for_and_nothing_noted():
    swept = await bench(TenantPolicy(tenant_id="acme"))
    swept.clock.time = BEGIN + 1_000 * WEEK

    assert await swept.sweep.sweep() == []
    assert (swept.outbox.sent, swept.audit.events) == ([], [])
