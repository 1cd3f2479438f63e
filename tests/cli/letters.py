"""Dead letters to test with: as a stage files them, as a broker gives them back."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from signalstream.cli.dead_letters import Filed
from signalstream.models.dead_letter import DeadLetter, Origin, Whole

RAW = "support.messages.raw"
FAILED_AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def letter(
    reason: str = "undecodable",
    stage: str = "conversation",
    key: bytes | None = b"acme/c-1",
    value: bytes = b"\xffoops",
    *,
    minutes: int = 0,
    headers: dict[str, str] | None = None,
    whole: Whole | None = None,
    origin: Origin | None = None,
) -> DeadLetter:
    return DeadLetter(
        reason=reason, detail="the value is not a Message", stage=stage, attempts=1, whole=whole,
        failed_at=FAILED_AT + timedelta(minutes=minutes), origin=origin or Origin(topic=RAW, partition=2, offset=40),
        headers={"correlation_id": "req-7"} if headers is None else headers,
        key=None if key is None else base64.b64encode(key), value=base64.b64encode(value),
    )  # fmt: skip


def filed(partition: int, offset: int, of: DeadLetter | None) -> Filed:
    return Filed(f"{partition}-{offset}", partition, offset, of.failed_at if of else FAILED_AT, of)


LETTERS = [
    filed(0, 5, letter()),
    filed(1, 0, letter(reason="exhausted", stage="pii", minutes=1)),
    filed(1, 1, letter(reason="exhausted", stage="summary", key=b"zeta/c-9", minutes=2)),
    filed(3, 9, None),
]
