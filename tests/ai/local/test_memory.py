"""Memory that loading took is given back, where the C library can."""

from __future__ import annotations

import os
from pathlib import Path

from signalstream.ai.local.memory import give_back

PIECES = 400
PIECE_BYTES = 64 * 1024


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_free_memory_between_used_pieces_goes_back() -> None:
    if not give_back():
        return  # another C library: it keeps what it keeps, and nothing fails
    pieces = [b"x" * (PIECE_BYTES + number) for number in range(PIECES)]
    del pieces[::2]
    held = resident()
    give_back()
    assert resident() < held - PIECES * PIECE_BYTES // 4
