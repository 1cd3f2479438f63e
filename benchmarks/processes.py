"""A running process as the kernel sees it: CPU time and memory, its threads included, and the cores it may use."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_UTIME, _STIME = 11, 12  # fields 14 and 15 of proc(5), counted from the one after the command's name


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the user and system time that the processes have used so far, in seconds. Linux only."""
    total = sum(ticks(Path(f"/proc/{pid}/stat").read_text()) for pid in pids)
    return total / os.sysconf("SC_CLK_TCK")


def busy_seconds() -> float:
    """Return the time that all cores of the machine together have been busy so far, in seconds. Linux only."""
    return busy_ticks(Path("/proc/stat").read_text()) / os.sysconf("SC_CLK_TCK")


def busy_ticks(stat: str) -> int:
    """Return the clock ticks of all but idling and waiting in the text of ``/proc/stat``: its first line is of all."""
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts = map(int, stat.split()[1:8])
    return user + nice + system + interrupts + soft_interrupts


def ticks(stat: str) -> int:
    """Return the clock ticks of user and system time in the text of ``/proc/<pid>/stat``."""
    # The command's name stands in brackets and may hold anything, so count from behind the last one.
    fields = stat.rpartition(")")[2].split()
    return int(fields[_UTIME]) + int(fields[_STIME])


def resident_bytes(pid: int) -> int:
    """Return the memory of a process that is in RAM, pages that it shares included. Linux only."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def pinned(pid: int) -> Iterator[None]:
    """Keep all threads of a process on the machine's last core for as long as the block lasts. Linux only."""
    before = os.sched_getaffinity(pid)
    _pin(pid, {max(before)})
    try:
        yield
    finally:
        _pin(pid, before)


def _pin(pid: int, cores: set[int]) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)
