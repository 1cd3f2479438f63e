"""A worker leaves its group for the one that was killed on its data directory.

Who is killed cannot leave: the broker keeps a place for it until its session is over, ten seconds by default, and gives
its partitions to nobody, also not to the same worker when it is back after two. So a worker keeps the member id that
its group knows it by beside its tables, under a lock that the kernel frees when its process ends; the next one on that
directory gets the lock and, before it joins, says that the member has gone.

Saying so of one that lives would give its partitions to two at once for as long as its lease goes on (lease.py).
Therefore nothing is said while another process holds the lock, nor by the file of a copied directory. Where a file
system has no locks, and with a static member id, which keeps a place on purpose, it is as upstream has it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from aiokafka.protocol.group import LeaveGroupRequest

FILE = "member"
MOST_BYTES = 1_000  # a member id is a client id and a UUID
log = structlog.get_logger()


class Membership:
    """The id of one group's member in a file of ``directory``, for as long as this process has the file's lock."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._file: int | None = None
        self._kept: str | None = None

    def take(self) -> str | None:
        """Take the place of who was here before, and return that one's member id.

        None when there is none, when the file is a copy, or when another process has the lock.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            opened = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            self._say(error)
            return None
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            text = os.pread(opened, MOST_BYTES, 0).decode(errors="replace")
        except OSError as error:
            os.close(opened)
            self._say(error)
            return None
        self._file = opened
        inode, _, member = text.partition(" ")
        return member if member and inode == str(_inode(opened)) else None

    def keep(self, member: str) -> None:
        """Write down this worker's member id; without the lock, or the second time, do nothing."""
        if self._file is None or member == self._kept:
            return
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{_inode(self._file)} {member}".encode(), 0)
        except OSError as error:
            self._say(error)
            return
        self._kept = member

    def release(self) -> None:
        """Let go of the file. The id in it means nothing to the group once the worker has left it."""
        if self._file is not None:
            os.close(self._file)
            self._file = self._kept = None

    def _say(self, error: Exception) -> None:
        log.info(
            "membership.not_kept", path=str(self._path), error=repr(error), result="after kill -9 a session passes"
        )


def _inode(opened: int) -> int:
    return os.fstat(opened).st_ino


def leave_for_predecessor(consumer: Any, membership: Membership) -> None:
    """Make a started ``AIOKafkaConsumer`` take its predecessor out of the group before it joins for the first time."""
    coordinator = consumer._coordinator
    rejoin, joined = coordinator._do_rejoin_group, coordinator._on_join_complete
    predecessor = membership.take()

    async def after_leaving(subscription: Any) -> Any:
        nonlocal predecessor
        if predecessor is not None:
            member, predecessor = predecessor, None
            await _leave(coordinator, member)
        return await rejoin(subscription)

    async def noted_join(generation: Any, member: str, *rest: Any) -> None:
        membership.keep(member)
        await joined(generation, member, *rest)

    coordinator._do_rejoin_group = after_leaving
    coordinator._on_join_complete = noted_join


async def _leave(coordinator: Any, member: str) -> None:
    try:
        answer = await coordinator._send_req(LeaveGroupRequest(coordinator.group_id, member))
    except KafkaError as error:  # then its session passes
        log.info("membership.predecessor_stays", group=coordinator.group_id, error=repr(error))
        return
    if not answer.error_code:  # else its session was over already
        log.info("membership.predecessor_left", group=coordinator.group_id, member=member)
