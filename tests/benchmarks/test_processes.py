from __future__ import annotations

from benchmarks.processes import busy_ticks, ticks


def test_cpu_time_is_user_and_system_time_whatever_the_command_is_called() -> None:
    stat = "4711 (python) R) (3) S 1 4711 4711 0 -1 4194304 9 0 0 0 250 40 7 8 20 0 12 0 555 1000 200"
    assert ticks(stat) == 250 + 40


def test_a_core_is_busy_whenever_it_neither_idles_nor_waits() -> None:
    assert busy_ticks("cpu  100 20 30 9000 400 5 6 0 0 0\ncpu0 50 10 15 4500 200 2 3 0 0 0\n") == 100 + 20 + 30 + 5 + 6
