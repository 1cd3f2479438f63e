from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from signalstream.core.audit import AuditEvent
from signalstream.core.audit_chain import entry_of
from signalstream.core.audit_check import Report, Stored, check
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.errors import BrokerUnavailableError, SealedError
from signalstream.models.audit import AuditEntry, SignedEntry
from signalstream.security.audit_trail import ERASED, ChainedTrail, body_of
from tests.core.audits import BEGIN, SECRETS, YEAR, event
from tests.fakes import FixedClock
from tests.security.vaults import VaultTopic

TOPIC = "support.security.audit"
READ = AuditEvent("original.read", "acme", "key-7", "c-4711", {"messages": 3})


@dataclass
class Log:
    """The topic, which every trail reads at once; ``error`` fails a write, after it arrived if ``arrives``."""

    kept: list[SignedEntry] = field(default_factory=list)
    trails: list[ChainedTrail] = field(default_factory=list)
    error: Exception | None = None
    arrives: bool = False

    def trail(self, sealer: Sealer = UNSEALED) -> ChainedTrail:
        trail = ChainedTrail(TOPIC, SECRETS, sealer, FixedClock(BEGIN), self.write)
        for signed in self.kept:
            trail.heard(signed)
        self.trails.append(trail)
        return trail

    async def write(self, signed: SignedEntry) -> None:
        await asyncio.sleep(0)
        if self.error is None or self.arrives:
            self.kept.append(signed)
            for trail in self.trails:
                trail.heard(signed)
        if self.error is not None:
            raise self.error

    def entries(self) -> list[AuditEntry]:
        return [entry for signed in self.kept if (entry := entry_of(signed))]

    def checked(self) -> Report:
        stored = [Stored(f"0-{number}", signed) for number, signed in enumerate(self.kept)]
        return check(stored, SECRETS, now=BEGIN, retention=YEAR)


async def test_events_of_several_processes_at_once_make_a_log_that_holds():
    log = Log()
    trails = [log.trail() for _ in range(4)]

    await asyncio.gather(*(trail.record(event(number)) for number in range(25) for trail in trails))

    report = log.checked()
    assert (report.findings, len(report.held), report.writers) == ([], 100, 4)


async def test_an_event_says_who_did_what_to_what():
    log = Log()
    await log.trail().record(READ)

    (entry,) = log.entries()
    body = body_of(entry, TOPIC, UNSEALED)
    assert (entry.action, entry.tenant, entry.actor, entry.at) == ("original.read", "acme", "key-7", BEGIN)
    assert (body.subject, body.detail) == ("c-4711", {"messages": 3})


@pytest.mark.parametrize("arrives", [False, True])
async def test_an_event_that_the_broker_did_not_confirm_is_refused_and_the_log_holds_whether_it_arrived_or_not(arrives):
    log = Log(arrives=arrives)
    trail, other = log.trail(), log.trail()
    await trail.record(event())
    log.error = BrokerUnavailableError("no ack")
    with pytest.raises(BrokerUnavailableError):
        await trail.record(event(1))

    log.error = None
    await other.record(event(2))
    await trail.record(event(3))
    await trail.record(event(4))

    assert log.checked().findings == []
    assert len(log.kept) == 4 + arrives


async def test_a_cancelled_event_leaves_a_log_that_holds():
    log = Log()
    trail = log.trail()
    await trail.record(event())
    task = asyncio.create_task(trail.record(event(1)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await trail.record(event(2))

    assert log.checked().findings == []


async def test_which_conversation_it_was_is_sealed_by_the_tenants_key_and_gone_with_it_while_the_log_holds():
    vaults, log = VaultTopic(), Log()
    vault = vaults.vault()
    trail = log.trail(vault)
    await trail.record(READ)
    await trail.record(AuditEvent("key.revoked", "acme", "cli", "key-7"))

    assert "c-4711" not in log.kept[0].entry
    assert body_of(log.entries()[0], TOPIC, vault).subject == "c-4711"

    await vault.destroy("acme")
    await trail.record(READ)

    first, second, third = log.entries()
    assert body_of(first, TOPIC, vault).subject == ERASED
    assert body_of(second, TOPIC, vault).subject == "key-7"
    assert body_of(third, TOPIC, vault).subject == ERASED
    assert log.checked().findings == []


async def test_a_body_that_was_put_into_another_entry_does_not_open():
    vault, log = VaultTopic().vault(), Log()
    trail = log.trail(vault)
    await trail.record(READ)
    await trail.record(READ)
    first, second = log.entries()

    with pytest.raises(SealedError):
        body_of(first.model_copy(update={"body": second.body}), TOPIC, vault)
    with pytest.raises(SealedError, match="not what it was written as"):
        body_of(first.model_copy(update={"body": "no base64!"}), TOPIC, vault)
