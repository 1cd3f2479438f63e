from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from signalstream.errors import ConfigurationError, CredentialError
from signalstream.security.authenticator import CredentialCheck, credential_check, key_ring, key_set
from signalstream.security.issuing import revoke
from signalstream.security.key_rows import KeyRows
from signalstream.security_settings import SecuritySettings
from tests.fakes import FixedClock
from tests.security.issuer import AUDIENCE, ISSUER, Issuer, Signer, claims
from tests.security.keys import NOW, SECRETS, Keys

CLOCK = FixedClock(NOW)
SIGNER = Signer.make("ES256", "one")
TOKENS = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}


def settings(**fields: Any) -> SecuritySettings:
    return SecuritySettings(_env_file=None, **fields)


def check(chosen: SecuritySettings) -> CredentialCheck:
    ring = key_ring(chosen, KeyRows(), CLOCK, lambda: True)
    return credential_check(chosen, ring, key_set(chosen), CLOCK)


def test_without_anything_to_check_credentials_with_it_is_said_what_there_is():
    with pytest.raises(ConfigurationError, match=r"SIGNALSTREAM_AUTH_SECRET_FILE.*SIGNALSTREAM_JWT_ISSUER"):
        check(settings())


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"jwt_issuer": ISSUER}, "SIGNALSTREAM_JWT_AUDIENCE"),
        ({"jwt_audience": AUDIENCE}, "without SIGNALSTREAM_JWT_ISSUER"),
        (TOKENS, "SIGNALSTREAM_JWT_KEYS_URL and SIGNALSTREAM_JWT_KEYS_FILE"),
        (TOKENS | {"jwt_keys_url": "https://a/b", "jwt_keys_file": Path("c")}, "one of"),
    ],
)
def test_settings_that_say_half_of_what_is_needed_are_refused(fields: dict[str, Any], missing: str):
    with pytest.raises(ConfigurationError, match=missing):
        check(settings(**fields))


@pytest.mark.parametrize("url", ["http://issuer.example/keys", "ftp://issuer.example", "http://127.0.0.1.example/keys"])
def test_keys_come_over_https_or_from_this_machine(url: str):
    with pytest.raises(ValueError, match="jwt_keys_url"):
        settings(jwt_keys_url=url)


async def test_each_kind_of_credential_goes_to_its_own_check(tmp_path: Path):
    file = tmp_path / "keys.json"
    file.write_bytes(Issuer([SIGNER.jwk()]).document())
    keys = Keys()
    key, _ = keys.issue("insights:read", tenant="by-key")
    both = settings(**TOKENS, jwt_keys_file=file)
    door = credential_check(both, keys.ring, key_set(both), CLOCK)

    assert (await door.authenticate(key.text)).tenant == "by-key"
    assert (await door.authenticate(SIGNER.sign(claims()))).tenant == "acme"


async def test_a_kind_that_is_not_configured_is_refused_and_so_is_what_is_too_long(tmp_path: Path):
    key, _ = Keys().issue()
    only_keys = check(settings(auth_secret=SecretStr("s" * 32)))
    only_tokens = check(settings(**TOKENS, jwt_keys_file=tmp_path / "none"))

    for door, credential, said in (
        (only_keys, SIGNER.sign(claims()), "API keys only"),
        (only_tokens, key.text, "takes no API keys"),
        (only_keys, "x" * 8_001, "at most 8000 characters"),
    ):
        with pytest.raises(CredentialError, match=said):
            await door.authenticate(credential)


async def test_what_was_accepted_is_checked_again_for_its_end_and_its_revocation():
    clock = FixedClock(NOW)
    keys = Keys(clock)
    key, record = keys.issue(lives=timedelta(minutes=1))
    door = credential_check(settings(), keys.ring, None, clock)
    holder = await door.authenticate(key.text)
    door.check(holder)

    keys.write(revoke(record, NOW))
    with pytest.raises(CredentialError, match="revoked"):
        door.check(holder)
    clock.time = NOW + timedelta(minutes=1)
    with pytest.raises(CredentialError, match="expired"):
        door.check(holder)
    assert SECRETS.newest == record.secret_id
