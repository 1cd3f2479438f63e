from __future__ import annotations

import gc
import sys
import zlib
from datetime import timedelta
from types import FrameType

import pytest
from structlog.testing import capture_logs

from signalstream.core.api_key import make_key
from signalstream.errors import AuthenticationUnavailableError, CredentialError
from signalstream.models.api_key import ApiKeyUse
from signalstream.security.hashing import ServerSecrets
from signalstream.security.issuing import revoke, rotate
from signalstream.security.key_ring import KeyRing
from signalstream.security.key_rows import row_of
from signalstream.security.principal import Principal
from tests.security.keys import NOW, SECRETS, Keys

OTHER_SECRETS = ServerSecrets((b"another secret of another deployment",))


def refused(keys: Keys, text: str) -> CredentialError:
    with pytest.raises(CredentialError) as caught:
        keys.ring.verify(text)
    return caught.value


def test_a_key_is_its_tenant_its_scopes_and_an_id_that_may_be_logged():
    keys = Keys()
    key, record = keys.issue("insights:read", tenant="acme", lives=timedelta(days=1))

    holder = keys.ring.verify(key.text)

    assert holder == Principal("acme", frozenset({"insights:read"}), record.key_id, NOW + timedelta(days=1))
    assert holder.credential not in {key.text, record.hash}


def test_nothing_of_the_key_is_kept():
    key, record = Keys().issue()

    kept = b"".join(row_of(record)).decode()
    secret = key.text.removeprefix(f"signalstream_{key.key_id}_")
    assert secret not in kept
    assert all(secret[at : at + 8] not in kept for at in range(len(secret) - 8))


def test_the_right_id_with_another_secret_is_refused_in_the_words_for_an_unknown_key():
    keys = Keys()
    key, _ = keys.issue()
    forged = _with_id(key.key_id)
    unknown = make_key(bytes(40)).text

    assert refused(keys, forged).word == refused(keys, unknown).word == "credential-refused"
    assert str(refused(keys, forged)) == str(refused(keys, unknown))


def test_every_guess_at_the_end_of_a_known_prefix_is_refused():
    keys = Keys()
    key, _ = keys.issue()

    for length in range(len(key.text)):
        refused(keys, key.text[:length])
    for letter in "abcdefghijklmnopqrstuvwxyz234567":
        if letter != key.text[-9]:
            refused(keys, key.text[:-9] + letter + key.text[-8:])


def test_a_revoked_key_is_refused_and_so_is_what_was_opened_with_it():
    keys = Keys()
    key, record = keys.issue()
    keys.ring.check(record.key_id)
    keys.write(revoke(record, NOW))

    assert refused(keys, key.text).word == "credential-revoked"
    with pytest.raises(CredentialError, match="revoked"):
        keys.ring.check(record.key_id)


def test_an_expired_key_is_refused_from_its_last_moment_on():
    keys = Keys()
    key, record = keys.issue(lives=timedelta(minutes=1))

    keys.clock.time = NOW + timedelta(seconds=59)
    assert keys.ring.verify(key.text).credential == record.key_id
    keys.clock.time = NOW + timedelta(minutes=1)
    assert refused(keys, key.text).word == "credential-expired"


def test_only_who_has_the_whole_key_is_told_that_it_was_revoked():
    keys = Keys()
    key, record = keys.issue()
    keys.write(revoke(record, NOW))

    assert refused(keys, _with_id(key.key_id)).word == "credential-refused"


def test_a_rotated_key_and_its_successor_both_count_during_the_overlap_only():
    keys = Keys()
    old_key, old = keys.issue("insights:read", lives=timedelta(days=30))
    new_key, new, ending = rotate(SECRETS, bytes(range(40)), old, now=NOW, overlap=timedelta(hours=1))
    keys.write(new)
    keys.write(ending)

    assert keys.ring.verify(old_key.text).scopes == keys.ring.verify(new_key.text).scopes == {"insights:read"}
    keys.clock.time = NOW + timedelta(hours=1)
    assert refused(keys, old_key.text).word == "credential-expired"
    assert keys.ring.verify(new_key.text).expires_at == NOW + timedelta(days=30)


def test_when_the_keys_could_not_be_refreshed_for_too_long_none_is_believed():
    keys = Keys()
    key, _ = keys.issue()
    keys.fresh = False

    with pytest.raises(AuthenticationUnavailableError, match="Ask again"):
        keys.ring.verify(key.text)
    assert refused(keys, make_key(bytes(40)).text).word == "credential-refused"


def test_a_row_that_cannot_be_read_grants_nothing_and_does_not_quote_itself():
    keys = Keys()
    key, record = keys.issue()

    with capture_logs() as logged:
        keys.rows.apply(row_of(record)[0], b'{"hash": "canary-4711"}')

    assert refused(keys, key.text).word == "credential-refused"
    assert [entry["event"] for entry in logged] == ["keys.undecodable"]
    assert "canary" not in str(logged)


def test_a_row_under_another_keys_id_grants_nothing():
    keys = Keys()
    key, record = keys.issue()
    keys.rows.apply(row_of(record)[0], None)

    keys.rows.apply(b"key/" + make_key(bytes(40)).key_id.encode(), row_of(record)[1])

    assert refused(keys, key.text).word == "credential-refused"


def test_a_key_hashed_with_another_secret_is_refused_and_health_says_why():
    keys = Keys()
    key, _ = keys.issue(secrets=OTHER_SECRETS)

    assert refused(keys, key.text).word == "credential-refused"
    assert keys.ring.health() == {"status": "degraded", "keys": 1, "hashed_with_another_secret": 1}


def test_the_last_use_is_written_at_most_once_a_minute_whoever_wrote_it():
    keys = Keys()
    key, record = keys.issue()
    ring = keys.ring

    assert ring.uses_to_write() == []
    ring.verify(key.text)
    assert ring.uses_to_write() == [ApiKeyUse(key_id=record.key_id, last_used_at=NOW)]
    keys.clock.time = NOW + timedelta(seconds=59)
    ring.verify(key.text)
    assert ring.uses_to_write() == []
    keys.clock.time = NOW + timedelta(seconds=61)
    ring.verify(key.text)
    another_worker = ApiKeyUse(key_id=record.key_id, last_used_at=NOW + timedelta(seconds=30))
    keys.rows.apply(*row_of(another_worker))
    assert ring.uses_to_write() == []


def calls_of(ring: KeyRing, text: str) -> list[tuple[str, str]]:
    """Return every call, of Python and of C, that a refusal takes, in its order."""
    calls: list[tuple[str, str]] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            calls.append(("python", frame.f_code.co_qualname))
        elif event == "c_call":
            calls.append(("c", str(getattr(argument, "__qualname__", argument))))

    gc.disable()  # else what listens to it is called in between
    sys.setprofile(note)
    try:
        with pytest.raises(CredentialError):
            ring.verify(text)
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


def test_a_key_that_is_not_there_takes_the_same_steps_as_a_wrong_one_that_is():
    keys = Keys()
    for _ in range(10):
        key, _ = keys.issue()
    old, _ = keys.issue(secrets=OTHER_SECRETS)
    ring = keys.ring
    wrong, of_old, unknown = _with_id(key.key_id), _with_id(old.key_id), make_key(bytes(40)).text
    calls_of(ring, unknown)  # what is made once is made

    steps = calls_of(ring, unknown)

    assert calls_of(ring, wrong) == calls_of(ring, of_old) == steps
    assert [name for _, name in steps].count("hmac_digest") == 1
    assert [name for _, name in steps].count("compare_digest") == 1


def test_a_wrong_key_takes_the_same_steps_wherever_it_begins_to_be_wrong():
    keys = Keys()
    key, _ = keys.issue()
    ring, secret = keys.ring, key.text.split("_")[2][:-8]
    calls_of(ring, _with_id(key.key_id))
    guesses = [f"{secret[:right]}{'a' if secret[right] != 'a' else 'b'}{secret[right + 1 :]}" for right in (0, 10, 30)]

    first, *others = [calls_of(ring, _signed(f"signalstream_{key.key_id}_{guess}")) for guess in guesses]

    assert others == [first, first]


def _with_id(key_id: str) -> str:
    """Return a key of the right form with this id and a secret of its own."""
    other = make_key(bytes(range(40))).text
    return _signed(f"signalstream_{key_id}_{other.split('_')[2][:-8]}")


def _signed(body: str) -> str:
    """Return a key's text with the checksum that makes it one in form."""
    return f"{body}{zlib.crc32(body.encode()):08x}"
