"""The front door of the command line: which commands exist, and how every expected failure ends.

0 is fine, 1 is a demo or a check that found something wrong, 2 is a usage, configuration or environment error, told
in one line on standard error. A traceback is a defect of ours.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from signalstream import __version__
from signalstream.cli.analyze import analyze
from signalstream.cli.audit import audit
from signalstream.cli.configuration import config
from signalstream.cli.dev import dev
from signalstream.cli.dlq import dlq
from signalstream.cli.doctor import doctor
from signalstream.cli.erase import erase
from signalstream.cli.evaluate import evaluate
from signalstream.cli.keys import keys
from signalstream.cli.policies import policies
from signalstream.cli.reanalyze import reanalyze
from signalstream.cli.rebuild import rebuild
from signalstream.cli.retention import retention
from signalstream.cli.topics import topics
from signalstream.cli.vault import vault
from signalstream.cli.worker import worker
from signalstream.errors import SignalStreamError

# typer carries its own click under a private name; what is public is one of its usage errors, whose base is all.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="signalstream",
    help="Real-time support intelligence on Faust and Kafka.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(config)
app.command()(worker)
app.command()(dev)
app.command()(rebuild)
app.command()(reanalyze)
app.command()(erase)
app.command()(doctor)
app.command()(analyze)
app.command()(evaluate)
app.add_typer(topics, name="topics")
app.add_typer(dlq, name="dlq")
app.add_typer(keys, name="keys")
app.add_typer(vault, name="vault")
app.add_typer(policies, name="policies")
app.add_typer(audit, name="audit")
app.add_typer(retention, name="retention")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"signalstream {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Real-time support intelligence on Faust and Kafka."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (default: the process's own) and return its exit code."""
    # Python prints warnings of libraries that nobody listens to; what matters of them is in our own line.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    try:
        return int(app(args=arguments, prog_name="signalstream", standalone_mode=False) or 0)
    except UsageError as error:
        return _complain(f"{_said_by(error)}; see signalstream --help")
    except SignalStreamError as error:
        return _complain(str(error))
    except (KeyboardInterrupt, typer.Abort):
        return 130


def _said_by(error: Exception) -> str:
    tell = getattr(error, "format_message", error.__str__)  # names the option, which str() leaves out
    return " ".join(tell().split()).rstrip(".") or "a command is missing"


def _complain(message: str) -> int:
    sys.stderr.write(f"signalstream: {message}\n")
    return 2


def main() -> None:
    """Run the process's command line."""
    sys.exit(run())
