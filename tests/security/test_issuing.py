from __future__ import annotations

from datetime import timedelta

import pytest

from signalstream.errors import ConfigurationError
from signalstream.security.issuing import issue, revoke, rotate, shown
from tests.security.keys import NOW, SECRETS, Keys


@pytest.mark.parametrize("scopes", [(), ("everything",), ("insights:read", "conversations:read")])
def test_a_scope_that_there_is_not_is_refused_with_those_that_there_are(scopes: tuple[str, ...]):
    with pytest.raises(ConfigurationError, match=r"is no scope; known: admin, .*messages:write"):
        issue(SECRETS, bytes(40), tenant="acme", scopes=scopes, label="x", now=NOW, expires_at=None)


def test_a_rotated_key_keeps_tenant_scopes_label_and_length_of_life():
    _, old = Keys().issue("insights:read", tenant="acme", lives=timedelta(days=30))
    later = NOW + timedelta(days=29)

    key, new, ending = rotate(SECRETS, bytes(range(40)), old, now=later, overlap=timedelta(hours=1))

    assert (new.tenant_id, new.scopes, new.label) == (old.tenant_id, old.scopes, old.label)
    assert (new.key_id, new.expires_at) == (key.key_id, later + timedelta(days=30))
    assert (ending.expires_at, ending.replaced_by) == (later + timedelta(hours=1), new.key_id)
    assert ending.hash == old.hash


def test_an_overlap_never_lengthens_the_old_keys_life():
    _, old = Keys().issue(lives=timedelta(minutes=5))

    *_, ending = rotate(SECRETS, bytes(40), old, now=NOW, overlap=timedelta(days=1))

    assert ending.expires_at == NOW + timedelta(minutes=5)


def test_a_key_that_no_longer_counts_cannot_be_rotated_back_into_use():
    _, old = Keys().issue(lives=timedelta(minutes=5))

    with pytest.raises(ConfigurationError, match="is revoked"):
        rotate(SECRETS, bytes(40), revoke(old, NOW), now=NOW, overlap=timedelta(0))
    with pytest.raises(ConfigurationError, match="is expired"):
        rotate(SECRETS, bytes(40), old, now=NOW + timedelta(minutes=5), overlap=timedelta(0))


def test_a_second_revocation_does_not_move_the_first():
    _, old = Keys().issue()
    once = revoke(old, NOW)

    assert revoke(once, NOW + timedelta(days=1)).revoked_at == NOW


def test_what_is_shown_once_holds_no_hash():
    key, record = Keys().issue()

    told = shown(key, record).model_dump_json()

    assert key.text in told
    assert record.hash not in told
