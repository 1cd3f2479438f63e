"""The tenants' keys as this process can use them: unwrapped once, when the first value needs them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from signalstream.core.sealing import header_of
from signalstream.errors import KeyDestroyedError, KeyPendingError, SealedError
from signalstream.models.tenant_key import TenantKeyRecord
from signalstream.security.master_keys import FILE, SETTING, MasterKeys
from signalstream.security.vault_rows import VaultRows

MOST_UNKNOWN = 1_000


class Waits(NamedTuple):
    """How long the vault waits, in seconds.

    ``arrival``: for a new key's own row to come back, before it is used all the same. ``unknown``: how long a topic
    must have been followed until a key that it does not tell does not exist. ``reload``: between two looks at the
    master keys' file.
    """

    arrival: float = 2.0
    unknown: float = 5.0
    reload: float = 1.0


WAITS = Waits()


@dataclass
class Cipher:
    """A tenant's key, ready for use. ``header`` is what its values begin with, ``seals`` how many it made here."""

    record: TenantKeyRecord
    aes: AESGCM
    header: bytes
    seals: int = 0


class Ciphers:
    """Unwraps the keys of ``rows``. ``load`` reads the master keys, ``age`` is how old the rows are, in seconds."""

    def __init__(self, rows: VaultRows, load: Callable[[], MasterKeys], age: Callable[[], float], waits: Waits) -> None:
        self._rows, self._load, self._age, self._waits = rows, load, age, waits
        self.masters, self._loaded_at = load(), time.monotonic()
        self._unwrapped: dict[str, Cipher] = {}
        self._newest: dict[str, Cipher] = {}
        self._unknown: dict[str, float] = {}

    def of_key(self, key_id: str) -> Cipher:
        """Return the cipher of a key. Raises KeyPendingError, and SealedError for a key that there is not."""
        known = self._unwrapped.get(key_id)
        if known is not None:
            return known
        record = self._rows.keys.get(key_id)
        if record is None:
            raise self._not_there(key_id)
        cipher = Cipher(record, AESGCM(self.unwrap(record)), header_of(bytes.fromhex(key_id)))
        self._unwrapped[key_id] = cipher
        return cipher

    def ready(self, tenant: str) -> Cipher | None:
        """Return the cipher that seals for a tenant when it has been used already."""
        return self._newest.get(tenant)

    def newest(self, tenant: str) -> Cipher:
        """Return the cipher that seals for a tenant. Raises KeyPendingError, KeyDestroyedError."""
        known = self._newest.get(tenant)
        if known is not None:
            return known
        if tenant in self._rows.gone:
            raise destroyed(tenant)
        records = self._rows.of(tenant)
        if not records:
            raise KeyPendingError(f"tenant {tenant} has no key yet; it is made with its next message")
        cipher = self._newest[tenant] = self.of_key(records[0].key_id)
        return cipher

    def first(self, tenant: str) -> TenantKeyRecord:
        """Return the record of a tenant's first key. Raises KeyPendingError."""
        records = self._rows.of(tenant)
        if not records:
            raise KeyPendingError(f"tenant {tenant} has no key yet; it is made with its next message")
        return min(records, key=lambda record: (record.version, record.key_id))

    def changed(self, tenant: str) -> None:
        """Forget which key seals for a tenant; all of its keys, when they were destroyed."""
        self._newest.pop(tenant, None)
        if tenant in self._rows.gone:
            for key_id in [each for each, cipher in self._unwrapped.items() if cipher.record.tenant_id == tenant]:
                del self._unwrapped[key_id]

    def unwrap(self, record: TenantKeyRecord) -> bytes:
        """Return a tenant's key. Raises KeyPendingError when its master key is not here, SealedError."""
        key = self.masters.unwrap(record)
        if key is None and time.monotonic() - self._loaded_at > self._waits.reload:
            self.reload()  # its file may have got the key meanwhile
            key = self.masters.unwrap(record)
        if key is None:
            raise no_master(record.master_id)
        return key

    def reload(self) -> None:
        """Read the master keys anew. Raises ConfigurationError."""
        self._loaded_at = time.monotonic()
        self.masters = self._load()

    def _not_there(self, key_id: str) -> KeyPendingError | SealedError:
        # Its row was written before the value. What a topic that is read to its end still does not tell, never was.
        now = time.monotonic()
        if len(self._unknown) >= MOST_UNKNOWN:
            self._unknown.clear()
        first = self._unknown.setdefault(key_id, now)
        if now - self._age() < first + self._waits.unknown:
            return KeyPendingError(f"the key {key_id} has not arrived from the vault's topic yet")
        return SealedError(f"the vault's topic has no key {key_id}")


def destroyed(tenant: str) -> KeyDestroyedError:
    """Return the error of a tenant whose keys are gone."""
    return KeyDestroyedError(f"the key of tenant {tenant} was destroyed, and its values with it")


def no_master(ids: str) -> KeyPendingError:
    """Return the error of keys that are wrapped by a master key that this process has not."""
    return KeyPendingError(
        f"keys of tenants are wrapped with the master key {ids}, which is not here; add it to {FILE} or {SETTING}, "
        "after the one that is to wrap"
    )
