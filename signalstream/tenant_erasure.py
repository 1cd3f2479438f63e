"""Destroying a tenant's keys for the web: at once in every process, and then off the brokers' disks."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

import structlog

from signalstream.encryption import Encryption
from signalstream.errors import SignalStreamError
from signalstream.security.vault_rows import KEY_ROW

STRAGGLER_SECONDS = 1.0  # for a key that another process makes at this moment
CLEANING_SECONDS = 60.0
log = structlog.get_logger()


class KeyDestruction:
    """A TenantErasure over a vault. ``stop`` it with the process."""

    def __init__(self, encryption: Encryption) -> None:
        self._encryption = encryption
        self._cleaning: dict[str, asyncio.Task[None]] = {}
        self._clean: set[str] = set()

    async def destroy(self, tenant: str) -> datetime:
        """See TenantErasure."""
        await self._encryption.vault.destroy(tenant)
        self._watch(tenant)
        return self._encryption.vault.rows.gone[tenant]

    def destroyed(self, tenant: str) -> tuple[datetime, bool] | None:
        """See TenantErasure. While it is not known that the broker's disks are clean, somebody looks."""
        at = self._encryption.vault.rows.gone.get(tenant)
        if at is None:
            return None
        self._watch(tenant)
        return at, tenant in self._clean

    async def stop(self) -> None:
        """Look no more."""
        for task in list(self._cleaning.values()):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _watch(self, tenant: str) -> None:
        if tenant not in self._clean and tenant not in self._cleaning:
            task = asyncio.create_task(self._until_clean(tenant), name=f"cleaning {tenant}")
            self._cleaning[tenant] = task
            task.add_done_callback(lambda _done: self._cleaning.pop(tenant, None))

    async def _until_clean(self, tenant: str) -> None:
        prefix = f"{KEY_ROW}/{tenant}/".encode()
        try:
            await asyncio.sleep(STRAGGLER_SECONDS)
            await self._encryption.vault.destroy(tenant)
            left = await self._encryption.until_compacted(lambda key, _: key.startswith(prefix), CLEANING_SECONDS)
        except SignalStreamError as error:
            log.warning("tenant.not_clean_yet", tenant_id=tenant, error=type(error).__name__)
        else:
            if not left:
                self._clean.add(tenant)
                log.info("tenant.erased", tenant_id=tenant)
