"""The vault: seals values with a key for each tenant, opens them, and makes, renews and destroys those keys.

Its knowledge is the topic ``security.vault``, which every process reads whole. A key is used once the topic has it, so
what one worker seals another can open; a value whose key has not arrived here yet is waited for.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from collections.abc import Awaitable, Callable, Sequence

from cryptography.exceptions import InvalidTag

from signalstream.core.clock import Clock
from signalstream.core.sealing import NONCE_BYTES, bound_to, is_sealed, owner_of, parse
from signalstream.core.tenant_keys import is_worn
from signalstream.errors import SealedError
from signalstream.models.tenant_key import TenantKeyRecord, TenantKeysDestroyed
from signalstream.security.ciphers import WAITS, Cipher, Ciphers, Waits, destroyed, no_master
from signalstream.security.master_keys import MasterKeys, new_tenant_key
from signalstream.security.vault_rows import Row, VaultRows, gone_row, row_key, row_of

SECRET_LABEL = b"signalstream: the tags of personal data"
Write = Callable[[Sequence[Row]], Awaitable[None]]


class Vault:
    """A Sealer. ``apply`` takes the rows of its topic; ``write`` adds rows and returns once they are safe.

    ``load`` reads the master keys. ``age`` says how many seconds ago the topic was last read to its end. With
    ``reads_clear`` a value that was never sealed is read as it is, for topics from before encryption. ``forget`` is
    told of a tenant whose keys were destroyed, ``made`` of each key that this process makes.
    """

    def __init__(
        self,
        load: Callable[[], MasterKeys],
        write: Write,
        age: Callable[[], float],
        clock: Clock,
        *,
        reads_clear: bool = False,
        forget: Callable[[str], None] = lambda _tenant: None,
        made: Callable[[TenantKeyRecord], None] = lambda _record: None,
        waits: Waits = WAITS,
    ) -> None:
        self._write, self._clock, self._waits = write, clock, waits
        self._reads_clear, self._forget, self._made = reads_clear, forget, made
        self.rows = VaultRows(self._changed)
        self._ciphers = Ciphers(self.rows, load, age, waits)
        self._making: dict[str, asyncio.Task[TenantKeyRecord]] = {}
        self._awaited: dict[str, asyncio.Event] = {}
        self._secrets: dict[str, bytes] = {}

    def apply(self, key: bytes, value: bytes | None) -> None:
        """Take in a row of the topic."""
        self.rows.apply(key, value)

    def seal(self, topic: str, key: bytes | None, value: bytes) -> bytes:
        """See Sealer."""
        cipher = self._ciphers.newest(owner_of(key))
        cipher.seals += 1
        nonce = os.urandom(NONCE_BYTES)
        return cipher.header + nonce + cipher.aes.encrypt(nonce, value, bound_to(cipher.header, topic, key))

    def open(self, topic: str, key: bytes | None, value: bytes) -> bytes:
        """See Sealer."""
        if self.erased(key):
            raise destroyed(owner_of(key))
        sealed = parse(value)
        if sealed is None:
            return self._clear(topic, value)
        cipher = self._ciphers.of_key(sealed.key_id.hex())
        try:
            return cipher.aes.decrypt(sealed.nonce, sealed.ciphertext, bound_to(sealed.header, topic, key))
        except InvalidTag:
            raise SealedError(
                f"a value of {topic} does not open: it was changed, or sealed for another topic or key"
            ) from None

    def is_ready(self, key: bytes | None) -> bool:
        """See Sealer."""
        cipher = self._ciphers.ready(owner_of(key))
        return cipher is not None and not self._is_worn(cipher)

    async def prepare(self, key: bytes | None) -> None:
        """See Sealer."""
        tenant = owner_of(key)
        self._require(tenant)
        if not self.rows.of(tenant):
            await self._make(tenant, version=1)
        cipher = self._ciphers.newest(tenant)
        if self._is_worn(cipher):
            await self._make(tenant, version=cipher.record.version + 1)
            self._ciphers.newest(tenant)

    def erased(self, key: bytes | None) -> bool:
        """See Sealer."""
        return bool(self.rows.gone) and owner_of(key) in self.rows.gone

    def secret_of(self, tenant: str) -> bytes:
        """See Sealer. It follows from the tenant's first key, which stays for reading when newer ones are made."""
        known = self._secrets.get(tenant)
        if known is not None and tenant not in self.rows.gone:
            return known
        self._require(tenant)
        first = self._ciphers.first(tenant)
        secret = self._secrets[tenant] = hmac.digest(self._ciphers.unwrap(first), SECRET_LABEL, hashlib.sha256)
        return secret

    async def renew(self, tenant: str) -> TenantKeyRecord:
        """Make the next version of a tenant's key, and return its record. Older ones stay for reading.

        Raises KeyDestroyedError, BrokerUnavailableError.
        """
        self._require(tenant)
        newest = next(iter(self.rows.of(tenant)), None)
        return await self._make(tenant, version=newest.version + 1 if newest else 1)

    async def rewrap(self) -> int:
        """Wrap every tenant's key with the first master key, and return how many were not. No value changes.

        Raises KeyPendingError when a master key is missing, BrokerUnavailableError.
        """
        self._ciphers.reload()
        stale = [each for each in self.rows.keys.values() if each.master_id != self._ciphers.masters.newest]
        await self._write([row_of(self._wrapped_anew(record)) for record in stale])
        # A tenant that was destroyed meanwhile must not come back by these rows.
        await self._write([(row_key(record), None) for record in stale if record.tenant_id in self.rows.gone])
        return len(stale)

    async def destroy(self, tenant: str) -> int:
        """Destroy a tenant's keys for good, and return how many there were: its values open nowhere any more.

        The tenant's id is not used again: nothing is sealed for it. Raises BrokerUnavailableError; repeat it then.
        """
        at = self.rows.gone.get(tenant) or self._clock.now()
        records = self.rows.of(tenant)
        rows = [gone_row(TenantKeysDestroyed(tenant_id=tenant, destroyed_at=at))]
        rows += [(row_key(record), None) for record in records]
        await self._write(rows)
        for row in rows:
            self.apply(*row)
        return len(records)

    def require_master_keys(self) -> None:
        """Raise KeyPendingError that names the master keys that wrap tenants' keys and are not here."""
        if missing := {record.master_id for record in self._closed()}:
            raise no_master(", ".join(sorted(missing)))

    @property
    def master_ids(self) -> tuple[str, ...]:
        """Return the ids of the master keys, the one that wraps first."""
        return self._ciphers.masters.ids

    def health(self) -> dict[str, object]:
        """Describe it for ``/health``: degraded while there are keys that this process cannot unwrap."""
        closed = len(self._closed())
        return {
            "status": "degraded" if closed else "ok",
            "keys": len(self.rows.keys),
            "keys_of_another_master_key": closed,
            "tenants_destroyed": len(self.rows.gone),
        }

    def _closed(self) -> list[TenantKeyRecord]:
        ids = set(self.master_ids)
        return [record for record in self.rows.keys.values() if record.master_id not in ids]

    def _clear(self, topic: str, value: bytes) -> bytes:
        if self._reads_clear and not is_sealed(value):
            return value
        raise SealedError(
            f"a value of {topic} is not encrypted as this version does it; topics from before encryption are read with "
            "SIGNALSTREAM_ENCRYPTION=migrate"
        )

    def _require(self, tenant: str) -> None:
        if tenant in self.rows.gone:
            raise destroyed(tenant)

    def _is_worn(self, cipher: Cipher) -> bool:
        return is_worn(cipher.record.created_at, self._clock.now(), cipher.seals)

    async def _make(self, tenant: str, version: int) -> TenantKeyRecord:
        task = self._making.get(tenant)
        if task is None:
            task = self._making[tenant] = asyncio.create_task(self._make_one(tenant, version), name=f"key of {tenant}")
            task.add_done_callback(lambda done: self._has_made(tenant, done))
        return await asyncio.shield(task)  # whoever waits may be gone before the others

    def _has_made(self, tenant: str, task: asyncio.Task[TenantKeyRecord]) -> None:
        del self._making[tenant]
        if not task.cancelled():
            task.exception()  # told to those who wait, if any are left

    async def _make_one(self, tenant: str, version: int) -> TenantKeyRecord:
        self._ciphers.reload()
        key_id, key = new_tenant_key()
        record = self._ciphers.masters.wrap(tenant, key_id, version, key, self._clock.now())
        await self._write([row_of(record)])
        await self._arrival_of(record)
        if tenant in self.rows.gone:  # meanwhile
            await self._write([(row_key(record), None)])
            raise destroyed(tenant)
        self._made(record)
        return record

    async def _arrival_of(self, record: TenantKeyRecord) -> None:
        # Once it has come back, a key that another worker made before has come too, and all prefer the same one.
        if record.key_id in self.rows.keys:
            return
        arrived = self._awaited[record.key_id] = asyncio.Event()
        try:
            async with asyncio.timeout(self._waits.arrival):
                await arrived.wait()
        except TimeoutError:
            self.apply(*row_of(record))
        finally:
            del self._awaited[record.key_id]

    def _wrapped_anew(self, record: TenantKeyRecord) -> TenantKeyRecord:
        key = self._ciphers.unwrap(record)
        return self._ciphers.masters.wrap(record.tenant_id, record.key_id, record.version, key, record.created_at)

    def _changed(self, tenant: str) -> None:
        self._ciphers.changed(tenant)
        self._secrets.pop(tenant, None)
        for key_id, arrived in self._awaited.items():
            if key_id in self.rows.keys:
                arrived.set()
        if tenant in self.rows.gone:
            self._forget(tenant)
