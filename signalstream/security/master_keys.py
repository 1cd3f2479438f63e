"""Master keys: 32 random bytes each, which wrap the tenants' keys and never touch a value.

Who has the topics and the disks but no master key can open nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from signalstream.core.sealing import KEY_ID_BYTES, NONCE_BYTES
from signalstream.errors import ConfigurationError, SealedError
from signalstream.models.tenant_key import TenantKeyRecord
from signalstream.security_settings import SecuritySettings

KEY_BYTES = 32
_NAME_LABEL = b"signalstream master key id\x00"
SETTING, FILE = "SIGNALSTREAM_MASTER_KEYS", "SIGNALSTREAM_MASTER_KEY_FILE"
ADVICE = (
    "make one with `signalstream vault new-master-key >> master.key`, keep a copy where no fire reaches it, and set "
    f"{FILE} to that file for all workers and commands"
)


@dataclass(frozen=True, repr=False)
class MasterKeys:
    """The master keys of a process: the first wraps, all of them unwrap."""

    keys: tuple[bytes, ...]

    @property
    def newest(self) -> str:
        """Return the id of the key that wraps."""
        return _name(self.keys[0])

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the id of each key: it tells them apart and tells nothing of them."""
        return tuple(map(_name, self.keys))

    def wrap(self, tenant: str, key_id: str, version: int, key: bytes, created_at: datetime) -> TenantKeyRecord:
        """Return the record of a tenant's key, readable with the first master key only."""
        nonce = os.urandom(NONCE_BYTES)
        wrapped = nonce + AESGCM(self.keys[0]).encrypt(nonce, key, _bound_to(tenant, key_id, version))
        return TenantKeyRecord.model_construct(
            tenant_id=tenant,
            key_id=key_id,
            version=version,
            created_at=created_at,
            master_id=self.newest,
            wrapped=wrapped,
        )

    def unwrap(self, record: TenantKeyRecord) -> bytes | None:
        """Return a tenant's key, None when its master key is not here. Raises SealedError for a changed record."""
        master = next((key for key in self.keys if _name(key) == record.master_id), None)
        if master is None:
            return None
        nonce, wrapped = record.wrapped[:NONCE_BYTES], record.wrapped[NONCE_BYTES:]
        try:
            return AESGCM(master).decrypt(nonce, wrapped, _bound_to(record.tenant_id, record.key_id, record.version))
        except (InvalidTag, ValueError) as error:
            raise SealedError(f"the key {record.key_id} of tenant {record.tenant_id} has been changed") from error


def new_master_key() -> str:
    """Return a new master key as it is written into a file: 32 random bytes in base64."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def new_tenant_key() -> tuple[str, bytes]:
    """Return the id of a new tenant's key, and the key."""
    return os.urandom(KEY_ID_BYTES).hex(), os.urandom(KEY_BYTES)


def master_key_source(settings: SecuritySettings) -> Callable[[], MasterKeys]:
    """Return what reads the master keys, each time anew: a file may get another key while workers run.

    It raises ConfigurationError for a file that cannot be read and for what is no master key.
    """
    if settings.master_keys is None and settings.master_key_file is None:
        raise ConfigurationError(
            f"values are encrypted (SIGNALSTREAM_ENCRYPTION), and there is no master key: {ADVICE}; or set "
            "SIGNALSTREAM_ENCRYPTION=off to keep values in the clear"
        )
    if settings.master_keys is not None and settings.master_key_file is not None:
        raise ConfigurationError(f"both {SETTING} and {FILE} are set; keep one")
    return lambda: _load(settings)


def _load(settings: SecuritySettings) -> MasterKeys:
    if settings.master_keys is not None:
        return _parsed(settings.master_keys.get_secret_value().replace(",", " "), SETTING)
    path = settings.master_key_file
    assert path is not None
    try:
        return _parsed(path.read_text(encoding="utf-8"), f"{FILE}: {path}")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{FILE}: {path} cannot be read ({type(error).__name__}); {ADVICE}") from error


def _parsed(text: str, place: str) -> MasterKeys:
    keys = [_key(word) for line in text.splitlines() if not line.lstrip().startswith("#") for word in line.split()]
    if not keys or None in keys:
        wrong = (
            "has no key" if not keys else f"has a key (number {keys.index(None) + 1}) that is not 32 bytes in base64"
        )
        raise ConfigurationError(f"{place} {wrong}; {ADVICE}")
    return MasterKeys(tuple(dict.fromkeys(key for key in keys if key is not None)))


def _key(word: str) -> bytes | None:
    try:
        key = base64.b64decode(word, validate=True)
    except binascii.Error:
        return None
    return key if len(key) == KEY_BYTES else None


def _name(key: bytes) -> str:
    return hmac.digest(key, _NAME_LABEL, hashlib.sha256).hex()[:16]


def _bound_to(tenant: str, key_id: str, version: int) -> bytes:
    return f"signalstream tenant key\x00{tenant}\x00{key_id}\x00{version}".encode()
