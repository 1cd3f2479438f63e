from __future__ import annotations

from pathlib import Path

import pytest

from signalstream.core.audit_chain import ChainSecrets
from signalstream.errors import ConfigurationError
from signalstream.security.audit_secrets import audit_secrets
from signalstream.settings import Settings

OWN, KEYS = "o" * 32, "k" * 32


def secrets(**fields: object) -> ChainSecrets:
    return audit_secrets(Settings(_env_file=None, **fields))  # type: ignore[arg-type]  # any field is a keyword


def test_the_log_is_signed_with_its_own_secret_else_with_that_of_api_keys_else_with_none():
    assert secrets(audit_secret=OWN, auth_secret=KEYS) == ChainSecrets((OWN.encode(),))
    assert secrets(auth_secret=KEYS) == ChainSecrets((KEYS.encode(),))
    assert secrets() == ChainSecrets()


def test_a_file_has_the_present_secret_first_and_those_before_it_behind(tmp_path: Path):
    file = tmp_path / "secrets"
    file.write_text(f"{OWN}\n{KEYS}\n")

    assert secrets(audit_secret_file=file) == ChainSecrets((OWN.encode(), KEYS.encode()))


@pytest.mark.parametrize(("held", "said"), [("short\n", "at least 32"), ("", "at least 32"), (None, "cannot be read")])
def test_a_file_without_a_secret_is_an_error_that_says_how_to_make_one(tmp_path: Path, held: str | None, said: str):
    file = tmp_path / "secrets"
    if held is not None:
        file.write_text(held)

    with pytest.raises(ConfigurationError, match=f"AUDIT_SECRET_FILE.*{said}.*openssl rand"):
        secrets(audit_secret_file=file)
