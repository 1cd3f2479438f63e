"""A child process that cannot outlive its parent, however the parent ends.

The kernel closes a dead process's pipes, ``kill -9`` included. So the child gets the reading end of a pipe, forks a
small watcher that waits for its end, and then becomes the command: the process id is the command's own. This works
on Linux and macOS alike; Linux' parent-death signal would follow the starting *thread* instead of the process.

Run as a file, this module is that child: ``python lifeline.py COMMAND ARGUMENT…`` with the pipe as standard input.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def start_child(
    command: Sequence[str], log_path: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start ``command``, its output appended to ``log_path``; it is killed when this process is gone.

    The child has a session of its own, so that a Ctrl-C reaches only the parent, which then stops it in order.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        return subprocess.Popen(  # noqa: S603  # the command is the caller's own, never text from outside
            [sys.executable, "-I", "-S", __file__, *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
        )


def end_child(process: subprocess.Popen[bytes], grace_seconds: float) -> int:
    """Ask the child to end, kill it after ``grace_seconds``, and return its exit code (negative: the signal)."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    code = process.wait()
    if process.stdin is not None:
        process.stdin.close()
    return code


def log_tail(log_path: Path, lines: int = 20) -> str:
    """Return the last lines of a child's output, or that there are none."""
    if not log_path.is_file():
        return "(no output)"
    return "\n".join(log_path.read_text(errors="replace").splitlines()[-lines:]) or "(no output)"


def _watch(command_pid: int) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    while os.read(0, 4096):
        pass
    if os.getppid() == command_pid:
        os.kill(command_pid, signal.SIGKILL)


def _become(command: Sequence[str]) -> None:
    command_pid = os.getpid()
    if os.fork() == 0:
        _watch(command_pid)
        os._exit(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        os.execvp(command[0], list(command))  # noqa: S606  # no shell is wanted
    except OSError as error:
        sys.exit(f"cannot start {command[0]}: {error.strerror}")


if __name__ == "__main__":
    _become(sys.argv[1:])
