"""Gives back what loading the models took for a moment: files, rewritten graphs. The C library keeps it otherwise."""

from __future__ import annotations

import ctypes


def give_back() -> bool:
    """Return free memory to the system; False where the C library has no way to."""
    try:
        trim = ctypes.CDLL(None).malloc_trim  # glibc
    except (AttributeError, OSError, TypeError):
        return False
    trim(0)
    return True
