"""The API keys of a deployment in memory, as the topic ``security.keys`` tells them.

A row's key is ``key/<id>`` for what a key grants and ``use/<id>`` for when it was last seen.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from pydantic import ValidationError

from signalstream.models.api_key import ApiKeyRecord, ApiKeyUse

KEY_ROW, USE_ROW = "key", "use"
log = structlog.get_logger()


class KeyRows:
    """Every key by its id, and when each was last used by any worker."""

    def __init__(self) -> None:
        self.keys: dict[str, ApiKeyRecord] = {}
        self.uses: dict[str, datetime] = {}

    def apply(self, key: bytes, value: bytes | None) -> None:
        """Take in a row of the topic, or that it is gone. What cannot be read takes a key away, and grants nothing."""
        kind, _, key_id = key.decode(errors="replace").partition("/")
        (self.keys if kind == KEY_ROW else self.uses).pop(key_id, None)
        if value is None:
            return
        try:
            if kind == KEY_ROW:
                self._take(ApiKeyRecord.model_validate_json(value), key_id)
            elif kind == USE_ROW:
                self.uses[key_id] = ApiKeyUse.model_validate_json(value).last_used_at
        except ValidationError:
            log.error("keys.undecodable", row=f"{kind}/{key_id}"[:80])  # noqa: TRY400  # a traceback holds the value

    def listed(self) -> list[tuple[ApiKeyRecord, datetime | None]]:
        """Return every key, oldest first, with its last use."""
        ordered = sorted(self.keys.values(), key=lambda record: record.created_at)
        return [(record, self.uses.get(record.key_id)) for record in ordered]

    def _take(self, record: ApiKeyRecord, key_id: str) -> None:
        if record.key_id == key_id:
            self.keys[key_id] = record
        else:
            log.error("keys.misplaced", row=key_id[:80])


def row_of(record: ApiKeyRecord | ApiKeyUse) -> tuple[bytes, bytes]:
    """Return a record's row: its key and its value."""
    kind = KEY_ROW if isinstance(record, ApiKeyRecord) else USE_ROW
    return f"{kind}/{record.key_id}".encode(), record.model_dump_json().encode()
