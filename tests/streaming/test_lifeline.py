from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from signalstream.streaming.lifeline import end_child, log_tail, start_child

PARENT = """
import sys, time
from pathlib import Path
from signalstream.streaming.lifeline import start_child
child = start_child(["sleep", "60"], Path(sys.argv[1]))
print(child.pid, flush=True)
time.sleep(60)
"""


def is_running(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def ends_within(seconds: float, pid: int) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_running(pid):
            return True
        time.sleep(0.05)
    return False


def test_a_child_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert ends_within(5, child)


def test_the_process_id_is_the_commands_own(tmp_path: Path) -> None:
    child = start_child([sys.executable, "-c", "import os; print(os.getpid(), flush=True)"], tmp_path / "log")
    child.wait(10)
    end_child(child, 1)
    assert (tmp_path / "log").read_text().strip() == str(child.pid)


def test_a_child_that_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)"
    child = start_child([sys.executable, "-c", f"{stubborn}; time.sleep(60)"], tmp_path / "log")
    while "up" not in log_tail(tmp_path / "log"):
        time.sleep(0.02)
    assert end_child(child, 0.2) == -signal.SIGKILL


def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    child = start_child([str(tmp_path / "missing")], tmp_path / "log")
    assert child.wait(10) == 1
    end_child(child, 1)
    assert "missing: No such file or directory" in log_tail(tmp_path / "log")


def test_a_log_that_was_never_written_says_so(tmp_path: Path) -> None:
    assert log_tail(tmp_path / "nothing") == "(no output)"
