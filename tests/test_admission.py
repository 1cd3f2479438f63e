from __future__ import annotations

from datetime import timedelta

import pytest

from signalstream.admission import Admission, admission, check_listening
from signalstream.core.key_uses import KeyUses
from signalstream.core.loopback import is_loopback
from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.models.api_key import ApiKeyUse
from signalstream.security.key_ring import KeyRing
from signalstream.settings import Settings
from signalstream.streaming.clients import Connection
from signalstream.streaming.values import decode
from tests.fakes import FakeAuditTrail, FixedClock, RecordingOutbox
from tests.security.keys import NOW, SECRETS, Keys

HOUR = timedelta(hours=1)
NOWHERE = Connection(("127.0.0.1:1",))
ISSUER = {"jwt_issuer": "https://i.example", "jwt_audience": "a", "jwt_keys_url": "https://i.example/keys"}


def settings(**fields: object) -> Settings:
    return Settings(_env_file=None, **fields)


def test_without_authentication_nothing_is_checked_and_nothing_started():
    assert admission(settings(auth="off"), NOWHERE) is None


@pytest.mark.parametrize(
    ("fields", "probes", "steps"),
    [
        ({"auth_secret": "s" * 32}, {"api keys", "api keys' topic"}, (1, 1)),
        (ISSUER, {"issuer's keys"}, (0, 1)),
        ({"auth_secret": "s" * 32, **ISSUER}, {"api keys", "api keys' topic", "issuer's keys"}, (1, 2)),
    ],
)
def test_only_what_is_configured_is_started_and_shown(fields, probes, steps):
    door = admission(settings(**fields), NOWHERE)

    assert set(door.probes()) == probes
    assert (len(door.before()), len(door.after())) == steps


def test_with_nothing_configured_there_is_no_door():
    with pytest.raises(ConfigurationError, match="no credential could ever be accepted"):
        admission(settings(), NOWHERE)


async def test_uses_are_written_to_the_topic_of_keys_and_a_silent_broker_harms_nothing():
    keys, outbox = Keys(FixedClock(NOW)), RecordingOutbox()
    key, record = keys.issue()
    ring = keys.ring
    ring.verify(key.text)
    door = Admission(check=None, ring=ring, replica=None, issuer_keys=None, uses=KeyUses(HOUR))

    await door.write_uses(outbox, "keys")
    await door.write_uses(outbox, "keys")

    [sent] = outbox.sent
    assert (sent.topic, sent.key) == ("keys", f"use/{record.key_id}".encode())
    assert decode(ApiKeyUse, sent.value).last_used_at == NOW
    assert SECRETS.knows(record.secret_id)


async def test_a_use_that_the_broker_does_not_take_is_said_and_goes_no_further():
    keys, silent = Keys(FixedClock(NOW)), RecordingOutbox(failures=[BrokerUnavailableError("silent")])
    ring = keys.ring
    ring.verify(keys.issue()[0].text)

    await Admission(check=None, ring=ring, replica=None, issuer_keys=None, uses=KeyUses(HOUR)).write_uses(
        silent, "keys"
    )

    assert silent.failures == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_this_machine_alone_reaches_loopback(host):
    assert is_loopback(host)
    check_listening(settings(auth="off"), host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com", "localhost.example.com", ""])
def test_whatever_else_is_reached_by_others(host):
    assert not is_loopback(host)
    with pytest.raises(ConfigurationError, match="SIGNALSTREAM_AUTH=off"):
        check_listening(settings(auth="off"), host)
    check_listening(settings(auth="required"), host)


async def test_uses_are_told_to_the_audit_log_and_told_later_when_it_does_not_take_them():
    trail, uses = FakeAuditTrail(error=BrokerUnavailableError("no ack")), KeyUses(HOUR)
    keys = Keys(FixedClock(NOW))
    key, record = keys.issue()
    ring = KeyRing(keys.rows, SECRETS, keys.clock, lambda: True, uses)
    door = Admission(check=None, ring=ring, replica=None, issuer_keys=None, uses=uses)
    ring.verify(key.text)
    await door.audit_uses(trail)

    trail.error = None
    ring.verify(key.text)
    await door.audit_uses(trail)
    ring.verify(key.text)
    await door.audit_uses(trail)

    assert [(each.action, each.actor, each.detail["requests"]) for each in trail.events] == [
        ("key.used", record.key_id, 2)
    ]
    await door.audit_uses(trail, ending=True)
    assert [each.detail["requests"] for each in trail.events] == [2, 1]
