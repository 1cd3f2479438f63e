"""Records that a fetch brought and that were thrown away: from where each changelog must be read again.

Upstream drops the rest of a batch when the flow stops or a rebalance comes in between, and seeks its streams back. Its
changelogs it does not: when recovery had sought them already, the rows of the batch are missing from the table, and
nothing tells. A gap in a changelog is no sign, compaction leaves many.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from faust.types import TP


class DroppedRecords:
    """Compares what was fetched with what was given on, one batch after another."""

    def __init__(self) -> None:
        self._fetched: dict[TP, Sequence[Any]] = {}
        self._given: dict[TP, int] = {}
        self._dropped: dict[TP, int] = {}

    def fetched(self, records: Mapping[TP, Sequence[Any]]) -> None:
        """Begin a batch: records with an ``offset``, rising, for each partition of a changelog."""
        self._fetched = {tp: batch for tp, batch in records.items() if batch}
        self._given = {}

    def given(self, tp: TP, offset: int) -> None:
        """Note that a record of the batch was given on."""
        self._given[tp] = offset

    def end_batch(self) -> None:
        """Remember the first record of each partition that was not given on."""
        for tp, batch in self._fetched.items():
            rest = next((record.offset for record in batch if record.offset > self._given.get(tp, -1)), None)
            if rest is not None:
                self._dropped[tp] = min(rest, self._dropped.get(tp, rest))
        self._fetched = {}

    def take(self, assigned: Collection[TP]) -> dict[TP, int]:
        """Return, once, from where each assigned partition lacks records."""
        taken, self._dropped = self._dropped, {}
        return {tp: offset for tp, offset in taken.items() if tp in assigned}
