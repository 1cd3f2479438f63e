from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from signalstream.auditing import AuditLog, opened_audit
from signalstream.core.sealing import UNSEALED
from signalstream.errors import BrokerUnavailableError
from signalstream.settings import Settings
from tests.core.audits import event


def settings(**fields: object) -> Settings:
    given = {"kafka_brokers": "127.0.0.1:1", "encryption": "off"} | fields
    return Settings(_env_file=None, **given)  # type: ignore[arg-type]  # any field is a keyword


async def test_what_cannot_be_written_is_refused_and_counted_and_a_checkpoint_waits_for_the_next_time():
    log = AuditLog(settings(), UNSEALED)

    with pytest.raises(BrokerUnavailableError, match="not connected to the audit log yet"):
        await log.record(event())
    with capture_logs() as lines:
        await log.checkpoint()

    assert [line["event"] for line in lines] == ["audit.checkpoint_not_written"]
    assert log.health() == {"status": "degraded", "signed": False, "events_refused": 2}


async def test_health_says_whether_events_are_signed():
    assert AuditLog(settings(auth_secret="s" * 32), UNSEALED).health()["signed"] is True


@pytest.mark.slow
async def test_a_command_without_a_broker_is_told_so_before_it_does_anything():
    with pytest.raises(BrokerUnavailableError, match=r"127\.0\.0\.1:1"):
        async with opened_audit(settings()):
            pytest.fail("there is no broker")
