from __future__ import annotations

from benchmarks.processes import ticks


def test_cpu_time_is_user_and_system_time_whatever_the_command_is_called() -> None:
    stat = "4711 (python) R) (3) S 1 4711 4711 0 -1 4194304 9 0 0 0 250 40 7 8 20 0 12 0 555 1000 200"
    assert ticks(stat) == 250 + 40
