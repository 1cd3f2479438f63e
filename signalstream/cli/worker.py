"""``signalstream worker``: the Faust command line with the flags that a deployment wants."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from signalstream.settings import ROLES, Settings, load_settings


def command_line(settings: Settings) -> list[str]:
    """Return the command that starts one worker. ``-l info``: Faust's ``warn`` turns its slow debug logging on."""
    level = "debug" if settings.log_level == "DEBUG" else "info"
    return [
        sys.executable, "-m", "faust", "-A", "signalstream", "worker", "-l", level, "--web-port", str(settings.port),
    ]  # fmt: skip


def worker(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the web server.")] = None,
    roles: Annotated[str | None, typer.Option(help=f"Parts: {', '.join(ROLES)}; or all.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Directory of the tables, one for each worker.")] = None,
) -> None:
    """Start a worker: becomes `faust -A signalstream worker` with the settings of the environment and of .env."""
    chosen = {"port": port, "roles": roles, "data_dir": data_dir}
    overrides = {name: value for name, value in chosen.items() if value is not None}
    settings = load_settings(**overrides)
    environment = os.environ | {f"SIGNALSTREAM_{name.upper()}": str(value) for name, value in overrides.items()}
    os.execve(sys.executable, command_line(settings), environment)  # noqa: S606  # no shell is wanted
