from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from signalstream.errors import ConfigurationError
from signalstream.security.hashing import load_secrets, require_secrets
from signalstream.security_settings import SecuritySettings

ONE, OTHER = "1" * 32, "2" * 64


def settings(**fields: object) -> SecuritySettings:
    return SecuritySettings(_env_file=None, **fields)


def test_without_a_secret_it_is_said_what_to_do():
    assert load_secrets(settings()) is None
    with pytest.raises(ConfigurationError, match=r"SIGNALSTREAM_AUTH_SECRET_FILE .*openssl rand"):
        require_secrets(settings())


def test_the_same_key_has_another_hash_with_another_secret():
    one, other = (require_secrets(settings(auth_secret=SecretStr(text))) for text in (ONE, OTHER))

    assert one.newest != other.newest
    assert one.digest("a key", one.newest) != other.digest("a key", other.newest)
    assert one.digest("a key", one.newest) == one.digest("a key", one.newest)


def test_a_file_may_hold_older_secrets_below_the_newest(tmp_path: Path):
    file = tmp_path / "secret"
    file.write_text(f"{OTHER}\n{ONE}\n")
    before = require_secrets(settings(auth_secret=SecretStr(ONE)))

    secrets = require_secrets(settings(auth_secret_file=file))

    assert secrets.knows(before.newest)
    assert secrets.newest != before.newest
    assert secrets.digest("a key", before.newest) == before.digest("a key", before.newest)


@pytest.mark.parametrize("content", [b"", b"short", b"1" * 31, b"1" * 32 + b"\nshort", b"\xff" * 40])
def test_a_file_without_a_good_secret_is_refused_by_name_and_not_quoted(tmp_path: Path, content: bytes):
    file = tmp_path / "secret"
    file.write_bytes(content)

    with pytest.raises(ConfigurationError, match="SIGNALSTREAM_AUTH_SECRET_FILE") as caught:
        load_secrets(settings(auth_secret_file=file))
    assert "short" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_secrets(settings(auth_secret_file=tmp_path / "none"))


def test_the_secret_is_not_shown_in_a_traceback():
    assert ONE not in repr(require_secrets(settings(auth_secret=SecretStr(ONE))))
