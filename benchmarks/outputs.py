"""What an output says: the conversation and how many of its turns a complete output covers."""

from __future__ import annotations

from typing import Any

import orjson

Covered = tuple[str, int]


def of_update(value: bytes) -> Covered | None:
    """Read a record of SignalStream's aggregated topic; None for windows and partial insights."""
    insight = orjson.loads(value).get("insight")
    return None if insight is None else _of_insight(insight)


def of_frame(text: str) -> Covered | None:
    """Read a frame of SignalStream's WebSocket; None for other frames and partial insights."""
    frame = orjson.loads(text)
    return _of_insight(frame["data"]) if frame["type"] == "intelligence_update" else None


def of_bare(value: bytes) -> Covered:
    """Read a record of bare Faust's aggregated topic: every one is complete, and counts those before it."""
    output = orjson.loads(value)
    return output["conversation_id"], output["completed"]


def _of_insight(insight: dict[str, Any]) -> Covered | None:
    if insight["completeness"] != "complete":
        return None
    return insight["conversation_id"], insight["last_seq"]
