"""Whether a changelog still has a record to read, told from how its fetches go.

The end of a log is an offset, not a record: compaction removes the last records, and a transaction ends with a mark
that no consumer is given. Who waits for the record before the end waits for ever (faust-streaming #176, #597).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

P = TypeVar("P")
EMPTY_POLLS = 2  # the first may have been under way when the last record was taken
BATCHES = 2  # the first may have been in hand


class Look(NamedTuple):
    """How far a partition is fetched: the next offset, the end of its log, and when the broker said so.

    ``polled_ms`` is that time, ``batches`` how many fetched batches have been handed on since the start (of all
    partitions), ``waiting`` how many records were handed on and not yet taken.
    """

    position: int
    end: int
    polled_ms: int
    batches: int
    waiting: int


@dataclass
class _Quiet:
    position: int
    polled_ms: int
    batches: int
    polls: int = 0


@dataclass
class TailWatch(Generic[P]):
    """Remembers since when each partition's fetches have brought nothing."""

    _quiet: dict[P, _Quiet] = field(default_factory=dict)

    def exhausted(self, looks: Mapping[P, Look]) -> dict[P, int]:
        """Return the partitions that have no record left below the end they were seen to have, with that end.

        A partition that is not in ``looks`` is forgotten.
        """
        self._quiet = {partition: self._watch(partition, look) for partition, look in looks.items()}
        return {partition: look.end for partition, look in looks.items() if self._is_over(partition, look)}

    def _watch(self, partition: P, look: Look) -> _Quiet:
        known = self._quiet.get(partition)
        if known is None or known.position != look.position or look.waiting:
            return _Quiet(look.position, look.polled_ms, look.batches)
        if look.polled_ms != known.polled_ms:
            known.polled_ms = look.polled_ms
            known.polls += 1
        return known

    def _is_over(self, partition: P, look: Look) -> bool:
        quiet = self._quiet[partition]
        return quiet.polls >= EMPTY_POLLS and look.batches - quiet.batches >= BATCHES
