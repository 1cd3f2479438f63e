"""The tenants' keys of a deployment, wrapped, as the topic ``security.vault`` tells them.

A row's key is ``key/<tenant>/<key id>`` for a key and ``gone/<tenant>`` for a tenant whose keys were destroyed. What
has been destroyed stays so, whichever rows come after it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from pydantic import ValidationError

from signalstream.models.tenant_key import TenantKeyRecord, TenantKeysDestroyed

KEY_ROW, GONE_ROW = "key", "gone"
Row = tuple[bytes, bytes | None]
log = structlog.get_logger()


class VaultRows:
    """Every key by its id, and when the keys of which tenants were destroyed.

    ``changed`` is told the tenant of each row that comes.
    """

    def __init__(self, changed: Callable[[str], None] = lambda _tenant: None) -> None:
        self.keys: dict[str, TenantKeyRecord] = {}
        self.gone: dict[str, datetime] = {}
        self._ids: dict[str, set[str]] = {}
        self._changed = changed

    def apply(self, key: bytes, value: bytes | None) -> None:
        """Take in a row of the topic, or that it is gone. What cannot be read changes nothing."""
        kind, _, place = key.decode(errors="replace").partition("/")
        try:
            if kind == KEY_ROW:
                self._take(place, TenantKeyRecord.model_validate_json(value) if value else None)
            elif kind == GONE_ROW and value:
                destroyed = TenantKeysDestroyed.model_validate_json(value)
                self.gone[destroyed.tenant_id] = destroyed.destroyed_at
                self._changed(destroyed.tenant_id)
        except ValidationError:
            log.error("vault.undecodable", row=f"{kind}/{place}"[:90])  # noqa: TRY400  # a traceback holds the value

    def of(self, tenant: str) -> list[TenantKeyRecord]:
        """Return a tenant's keys; the one that seals is the first.

        Two workers may make a tenant's first key at once: then every process prefers the same one, and opens with both.
        """
        found = (self.keys[key_id] for key_id in self._ids.get(tenant, ()))
        return sorted(found, key=lambda record: (-record.version, record.key_id))

    def tenants(self) -> list[str]:
        """Return every tenant that has keys, or had."""
        return sorted({*(tenant for tenant, ids in self._ids.items() if ids), *self.gone})

    def _take(self, place: str, record: TenantKeyRecord | None) -> None:
        tenant, _, key_id = place.partition("/")
        if record is None:
            self.keys.pop(key_id, None)
            self._ids.get(tenant, set()).discard(key_id)
        elif (record.tenant_id, record.key_id) == (tenant, key_id):
            self.keys[key_id] = record
            self._ids.setdefault(tenant, set()).add(key_id)
        else:
            log.error("vault.misplaced", row=place[:90])
            return
        self._changed(tenant)


def row_of(record: TenantKeyRecord) -> Row:
    """Return the row of a key."""
    return row_key(record), record.model_dump_json().encode()


def row_key(record: TenantKeyRecord) -> bytes:
    """Return the row's key of a key."""
    return f"{KEY_ROW}/{record.tenant_id}/{record.key_id}".encode()


def gone_row(destroyed: TenantKeysDestroyed) -> Row:
    """Return the row that says that a tenant's keys are destroyed."""
    return f"{GONE_ROW}/{destroyed.tenant_id}".encode(), destroyed.model_dump_json().encode()
