"""The job of every yardstick, without a framework: rows and records in, rows and records out, JSON dicts all.

A message becomes a turn (a row of about 0.9 KB), five analyses of it about 210 bytes each, and a merged row of about
1 KB, which is an output once all five of a message are there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("sentiment", "pii", "insights", "summary", "language")
KEPT_MESSAGES = 3  # with the counts about 0.9 KB
KEPT_ANALYSES = 5  # with the counts about 1 KB
ANSWER = {"label": "negative", "confidence": 0.82, "reason": "waits"}
Json = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a yardstick works: its broker, the beginning of its topics' names, its tables' directory."""

    brokers: str
    prefix: str
    partitions: int
    data_dir: Path

    def topic(self, name: str) -> str:
        """Return the full name of a topic."""
        return f"{self.prefix}.{name}"


def place() -> Place:
    """Return what the environment says. Raises KeyError when it says nothing."""
    return Place(
        brokers=os.environ["YARDSTICK_BROKERS"],
        prefix=os.environ["YARDSTICK_PREFIX"],
        partitions=int(os.environ["YARDSTICK_PARTITIONS"]),
        data_dir=Path(os.environ["YARDSTICK_DATA_DIR"]),
    )


def turn_of(row: Json | None, message: Json) -> Json:
    """Return the conversation's new row, which is the turn as well."""
    seq = row["seq"] if row else 0
    recent = row["recent"] if row else []
    return {"seq": seq + 1, "recent": [*recent, message][-KEPT_MESSAGES:]}


def answer_to(kind: str, turn: Json) -> Json:
    """Return one analysis of the turn."""
    message = turn["recent"][-1]
    return {
        "kind": kind,
        "conversation_id": message["conversation_id"],
        "message_id": message["message_id"],
        "seq": turn["seq"],
        "result": ANSWER,
    }


def merged(row: Json | None, answer: Json) -> tuple[Json, Json | None] | None:
    """Return the new row, and the output when the message's five are there; None for a repeat."""
    state = row or {"completed": 0, "open": {}, "shown": []}
    found = [*state["open"].get(answer["message_id"], []), answer["kind"]]
    if len(set(found)) < len(found):
        return None
    done = len(found) == len(KINDS)
    others = {message: kinds for message, kinds in state["open"].items() if message != answer["message_id"]}
    state = {
        "completed": state["completed"] + done,
        "open": others if done else {**others, answer["message_id"]: found},
        "shown": [*state["shown"], answer][-KEPT_ANALYSES:],
    }
    return state, {"conversation_id": answer["conversation_id"], **state} if done else None
