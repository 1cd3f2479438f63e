from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import RequestTimedOutError

from signalstream.streaming.predecessor import FILE, Membership, leave_for_predecessor

HOLDER = """
import sys
from pathlib import Path
from signalstream.streaming.predecessor import Membership
membership = Membership(Path(sys.argv[1]))
membership.take()
membership.keep("member-1")
print("kept", flush=True)
sys.stdin.read()
"""
UNKNOWN_MEMBER = 25


@dataclass
class Coordinator:
    """A group coordinator's client: notes what it is asked, in order, and answers a leave with ``code``."""

    group_id: str = "insights"
    code: int = 0
    fails: bool = False
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def _send_req(self, request: Any) -> Any:
        self.asked.append(("leave", request._group, request._member_id))
        if self.fails:
            raise RequestTimedOutError
        return SimpleNamespace(error_code=self.code)

    async def _do_rejoin_group(self, _subscription: object) -> bool:
        self.asked.append(("join",))
        await self._on_join_complete(2, "member-2", "protocol", b"")
        return True

    async def _on_join_complete(self, *generation: object) -> None:
        self.asked.append(("joined", str(generation[1])))


async def joined(directory: Path, coordinator: Coordinator) -> Membership:
    """Join a group twice, as a worker on ``directory``, and return its membership."""
    membership = Membership(directory)
    leave_for_predecessor(SimpleNamespace(_coordinator=coordinator), membership)
    assert await coordinator._do_rejoin_group("topics")
    assert await coordinator._do_rejoin_group("topics")
    return membership


def killed_on(directory: Path) -> None:
    """Let a process be ``member-1`` on the directory, and kill it."""
    with holding(directory) as process:
        process.kill()


def holding(directory: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"kept\n"
    return process


async def test_the_first_worker_on_a_directory_has_nobody_to_leave_for(tmp_path: Path) -> None:
    coordinator = Coordinator()
    (await joined(tmp_path / "new", coordinator)).release()
    assert coordinator.asked == [("join",), ("joined", "member-2")] * 2


@pytest.mark.parametrize("code", [0, UNKNOWN_MEMBER])
async def test_a_worker_leaves_once_for_the_one_that_was_killed_before_it_joins(tmp_path: Path, code: int) -> None:
    await asyncio.to_thread(killed_on, tmp_path)
    coordinator = Coordinator(code=code)
    (await joined(tmp_path, coordinator)).release()
    assert coordinator.asked == [("leave", "insights", "member-1"), *[("join",), ("joined", "member-2")] * 2]
    next_one = Coordinator()
    (await joined(tmp_path, next_one)).release()
    assert next_one.asked[0] == ("leave", "insights", "member-2")  # it is told apart by the broker: it has left


async def test_a_worker_joins_also_when_nobody_answers_that_its_predecessor_has_gone(tmp_path: Path) -> None:
    await asyncio.to_thread(killed_on, tmp_path)
    coordinator = Coordinator(fails=True)
    (await joined(tmp_path, coordinator)).release()
    assert [asked[0] for asked in coordinator.asked] == ["leave", "join", "joined", "join", "joined"]


async def test_nobody_leaves_for_a_process_that_lives_nor_writes_over_its_id(tmp_path: Path) -> None:
    with await asyncio.to_thread(holding, tmp_path) as process:
        coordinator = Coordinator()
        (await joined(tmp_path, coordinator)).release()
        assert ("leave", "insights", "member-1") not in coordinator.asked
        process.kill()
    assert Membership(tmp_path).take() == "member-1"


async def test_nobody_leaves_by_the_copy_of_a_directory(tmp_path: Path) -> None:
    await asyncio.to_thread(killed_on, tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    membership = Membership(tmp_path / "two")
    assert membership.take() is None
    membership.keep("member-3")
    membership.release()
    assert Membership(tmp_path / "two").take() == "member-3"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"no-inode", b"12 ", b"x" * 5_000])
async def test_a_file_that_says_nothing_leaves_for_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    coordinator = Coordinator()
    (await joined(tmp_path, coordinator)).release()
    assert coordinator.asked[0] == ("join",)


async def test_a_worker_joins_where_no_file_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    coordinator = Coordinator()
    (await joined(tmp_path, coordinator)).release()
    assert coordinator.asked == [("join",), ("joined", "member-2")] * 2
