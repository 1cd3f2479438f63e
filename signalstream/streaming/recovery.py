"""Table recovery that seeks before it resumes, and that says when it is done.

Upstream (``faust/tables/recovery.py``) resumes the stream partitions and then seeks them to the committed offsets,
while the flow is active because changelogs are being read: records are delivered from the wrong place in between
(see ``consumer.py``). Here the seek comes first. Drop it when upstream does the same.
"""

from __future__ import annotations

import asyncio
from typing import Any

from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery


class MendedRecovery(Recovery):
    """Faust's recovery with the last steps in the safe order."""

    async def _resume_streams(self, generation_id: int = 0) -> None:
        await self.app.on_rebalance_complete.send()
        if await self._seek_and_resume(generation_id):
            self.tables.on_actives_ready()
            self.tables.on_standbys_ready()
            self._finish(generation_id)

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """Seek the stream partitions, let them flow, and tell the app that it is ready."""
        await self.app.on_rebalance_complete.send()
        self._set_recovery_ended()
        await self._tell_tables()
        if await self._seek_and_resume(generation_id):
            self.tables.on_actives_ready()
            if not self.app.assignor.assigned_standbys():
                self.tables.on_standbys_ready()
            self._finish(generation_id)

    async def _tell_tables(self) -> None:
        told = [
            asyncio.ensure_future(
                table.on_recovery_completed(self.actives_for_table[table], self.standbys_for_table[table])
            )
            for table in self.tables.values()
        ]
        if told:
            await asyncio.wait(told)

    async def _seek_and_resume(self, generation_id: int) -> bool:
        consumer = self.app.consumer
        assignment = consumer.assignment()
        if self._overtaken(generation_id):
            return False
        if assignment:
            await self._wait(consumer.perform_seek(), timeout=self.app.conf.broker_request_timeout)
        if self._overtaken(generation_id):
            return False
        consumer.resume_partitions({tp for tp in assignment if not self._is_changelog_tp(tp)})
        self.completed.set()
        self.app.flow_control.resume()
        consumer.resume_flow()
        await self.app._fetcher.maybe_start()
        return True

    def _overtaken(self, generation_id: int) -> bool:
        overtaken: bool = self.app.consumer_generation_id != generation_id
        if overtaken:
            self.log.warning("another rebalance began before recovery ended; starting over")
        return overtaken

    def _finish(self, generation_id: int) -> None:
        self.app.on_rebalance_end()
        self.app.on_recovered(generation_id)
        self.log.info("Worker ready")


class MendedTableManager(TableManager):
    """Faust's table manager (the name is theirs) with the mended recovery."""

    _recovery: Any

    @property
    def recovery(self) -> Any:
        """Return the recovery service, made on first use."""
        if self._recovery is None:
            self._recovery = MendedRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
