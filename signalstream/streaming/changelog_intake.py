"""Changelog records into the tables: taken as they have come, without a task and a timer for each.

Upstream (``faust/tables/recovery.py``, ``_slurp_changelogs``) waits for every record by ``asyncio.wait_for``, counts
what is left of every partition after each, applies a record of a partition that is no longer its own to whichever
table came before, and logs a row that could not be stored as a warning while its offset moves on. It also takes its
word back that recovery has ended: who begins to wait for it a moment later waits for ever. Here a whole queue is taken
in one turn, the end is looked for after it and stays said until the next recovery begins, strangers are let go, and a
fault ends the worker.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from faust.tables.recovery import Recovery
from faust.types import TP
from mode import Service


class ChangelogIntake(Recovery):
    """Faust's recovery with the reading of its queue replaced."""

    def need_recovery(self) -> bool:
        """Say whether a changelog of an active partition has records that are not in its table yet."""
        offsets = self.active_offsets
        return any(
            end is not None and offsets[tp] is not None and end > offsets[tp]
            for tp, end in self.active_highwaters.items()
        )

    @Service.task  # type: ignore[untyped-decorator]  # mode's decorators have no types
    async def _slurp_changelogs(self) -> None:
        queue = self.tables.changelog_queue
        while not self.should_stop:
            self._take_in(await queue.get())
            self.take_in_waiting()
            self._end_when_level()
            await asyncio.sleep(0)

    def take_in_waiting(self) -> None:
        """Take in what waits; a flow that is resumed clears the queue, and with it records of standbys."""
        queue = self.tables.changelog_queue
        while not queue.empty():
            self._take_in(queue.get_nowait())

    def _set_recovery_started(self) -> None:
        super()._set_recovery_started()
        self.signal_recovery_end.clear()

    def _take_in(self, event: Any) -> None:
        tp = event.message.tp
        offsets = self._offsets_of(tp)
        seen = offsets.get(tp) if offsets is not None else None
        if offsets is None or (seen is not None and event.message.offset <= seen):
            return
        offsets[tp] = event.message.offset
        if tp in self.active_tps:
            self._active_events_received_at[tp] = time.monotonic()
        table: Any = self.tp_to_table[tp]
        waiting = self.buffers[table]
        waiting.append(event)
        if len(waiting) >= table.recovery_buffer_size:
            table.apply_changelog_batch(waiting)
            waiting.clear()
            self._last_flush_at = time.monotonic()

    def _offsets_of(self, tp: TP) -> Any:
        if tp in self.active_tps:
            return self.active_offsets
        return self.standby_offsets if tp in self.standby_tps else None

    def _end_when_level(self) -> None:
        if self.in_recovery and not self.need_recovery():
            self.flush_buffers()
            self._set_recovery_ended()
            self.signal_recovery_end.set()
        if not self.tables.standbys_ready and not self.standby_remaining_total():
            self.tables.on_standbys_ready()
