from __future__ import annotations

import subprocess
import sys

ASK = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
from signalstream.web.open_files import connections_allowed
print(connections_allowed({wanted}), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def allowed(soft: int, hard: int, wanted: int) -> tuple[int, int]:
    """Return how many connections a process with these limits allows, and its soft limit afterwards."""
    script = ASK.format(soft=soft, hard=hard, wanted=wanted)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    connections, limit = ended.stdout.split()[-2:]
    return int(connections), int(limit)


def test_the_limit_on_open_files_is_raised_as_far_as_the_connections_take() -> None:
    assert allowed(soft=600, hard=5_000, wanted=4_096) == (4_096, 4_608)


def test_where_it_cannot_be_raised_fewer_connections_are_allowed_so_that_tables_and_broker_have_their_files() -> None:
    assert allowed(soft=600, hard=1_024, wanted=4_096) == (512, 1_024)


def test_a_limit_that_is_high_enough_stays_as_it_is() -> None:
    assert allowed(soft=5_000, hard=5_000, wanted=1_000) == (1_000, 5_000)
