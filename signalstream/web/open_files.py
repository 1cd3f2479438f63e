"""How many connections the process has room for: each is an open file, and the tables and the broker need theirs."""

from __future__ import annotations

import sys

import structlog

if sys.platform != "win32":  # which has no such limit
    import resource

RESERVED_FILES = 512  # of RocksDB, of the connections to the broker, of logs
FEWEST_CONNECTIONS = 64

_log = structlog.get_logger("signalstream.web")


def connections_allowed(wanted: int) -> int:
    """Return how many connections may be open at once: ``wanted``, or what the limit on open files leaves.

    The soft limit is raised as far as it takes and the hard one allows.
    """
    if sys.platform == "win32":
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + RESERVED_FILES
    if _is_below(soft, needed):
        soft = needed if not _is_below(hard, needed) else hard
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if not _is_below(soft, needed):
        return wanted
    allowed = max(FEWEST_CONNECTIONS, soft - RESERVED_FILES)
    _log.warning("connections_limited", wanted=wanted, allowed=allowed, open_files=soft, remedy="raise ulimit -n")
    return allowed


def _is_below(limit: int, needed: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < needed
