"""The keyed hash of API keys: who reads the topic without the server's secret can neither use nor test a key."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import cached_property

from signalstream.errors import ConfigurationError
from signalstream.security_settings import SecuritySettings

LEAST_CHARACTERS = 32
_KEY_LABEL = b"signalstream api key\x00"
_NAME_LABEL = b"signalstream secret id\x00"
ADVICE = (
    "set SIGNALSTREAM_AUTH_SECRET_FILE to a file of at least 32 random characters (`openssl rand -hex 32`), the same "
    "for all workers and for this command"
)


@dataclass(frozen=True, repr=False)
class ServerSecrets:
    """The secrets that keys are hashed with: the first for new keys, the others for those hashed before."""

    secrets: tuple[bytes, ...]

    @cached_property
    def newest(self) -> str:
        """Return the id of the secret that new keys are hashed with."""
        return next(iter(self._by_id))

    def digest(self, key: str, secret_id: str) -> bytes:
        """Return the keyed hash; with a secret that nobody has here it is one that matches no record."""
        secret = self._by_id.get(secret_id, self.secrets[0])
        return hmac.digest(secret, _KEY_LABEL + key.encode(), hashlib.sha256)

    def knows(self, secret_id: str) -> bool:
        """Say whether the secret is one of these."""
        return secret_id in self._by_id

    @cached_property
    def _by_id(self) -> dict[str, bytes]:
        # Named once: a hash more for a key that somebody has would tell it from one that nobody has.
        return {_name(secret): secret for secret in self.secrets}


def load_secrets(settings: SecuritySettings) -> ServerSecrets | None:
    """Return the server's secrets: the setting's, else the file's, one in each line; None where neither is given.

    Raises ConfigurationError for a file that cannot be read, and for a secret that is too short.
    """
    if settings.auth_secret is not None:
        return ServerSecrets((settings.auth_secret.get_secret_value().encode(),))
    if settings.auth_secret_file is None:
        return None
    name = f"SIGNALSTREAM_AUTH_SECRET_FILE: {settings.auth_secret_file}"
    try:
        lines = settings.auth_secret_file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name} cannot be read ({type(error).__name__}); {ADVICE}") from error
    if not lines or any(len(line) < LEAST_CHARACTERS for line in lines):
        raise ConfigurationError(f"{name} has no secret of at least {LEAST_CHARACTERS} characters; {ADVICE}")
    return ServerSecrets(tuple(line.encode() for line in lines))


def require_secrets(settings: SecuritySettings) -> ServerSecrets:
    """Return the server's secrets. Raises ConfigurationError when there are none."""
    secrets = load_secrets(settings)
    if secrets is None:
        raise ConfigurationError(f"API keys are hashed with a secret, and there is none: {ADVICE}")
    return secrets


def _name(secret: bytes) -> str:
    return hmac.digest(secret, _NAME_LABEL, hashlib.sha256).hex()[:16]
