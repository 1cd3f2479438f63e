"""What the audit log is signed with: a secret of its own, else the one that API keys are hashed with."""

from __future__ import annotations

from signalstream.core.audit_chain import ChainSecrets
from signalstream.errors import ConfigurationError
from signalstream.security.hashing import LEAST_CHARACTERS, load_secrets
from signalstream.settings import Settings

NAME = "SIGNALSTREAM_AUDIT_SECRET_FILE"


def audit_secrets(settings: Settings) -> ChainSecrets:
    """Return the secrets: the first signs, all of them check; none where neither is set. Raises ConfigurationError."""
    if settings.audit_secret is not None:
        return ChainSecrets((settings.audit_secret.get_secret_value().encode(),))
    if settings.audit_secret_file is not None:
        return ChainSecrets(_read(settings))
    others = load_secrets(settings)
    return ChainSecrets(others.secrets if others else ())


def _read(settings: Settings) -> tuple[bytes, ...]:
    assert settings.audit_secret_file is not None
    path, advice = (
        settings.audit_secret_file,
        "write one with `openssl rand -hex 32`, the same for all workers and commands",
    )
    try:
        lines = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{NAME}: {path} cannot be read ({type(error).__name__}); {advice}") from error
    if not lines or any(len(line) < LEAST_CHARACTERS for line in lines):
        raise ConfigurationError(f"{NAME}: {path} has no secret of at least {LEAST_CHARACTERS} characters; {advice}")
    return tuple(line.encode() for line in lines)
