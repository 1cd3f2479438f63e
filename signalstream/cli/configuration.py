"""``signalstream config``: the effective settings, where each comes from, and what it is for."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from signalstream.cli.tables import console, table
from signalstream.settings import Settings, environment_name, fields, load_settings, masked

EXAMPLE_HEAD = """\
# Every setting with its default, as `signalstream config --example` prints them. Copy this file to .env and uncomment
# what you change. A variable of the environment wins over .env; `signalstream config` shows what is in effect.
"""


@dataclass(frozen=True)
class Setting:
    """One line of the table. ``source`` is ``env``, ``.env`` or ``default``."""

    name: str
    value: str
    source: str
    description: str


def config(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    as_example: Annotated[bool, typer.Option("--example", help="Print .env.example: every default.")] = False,
) -> None:
    """Print the effective settings, secrets masked, each with its source."""
    if as_example:
        typer.echo(example(), nl=False)
        return
    settings = effective(load_settings())
    if as_json:
        typer.echo(json.dumps([asdict(setting) for setting in settings], indent=2))
        return
    rows = [(setting.name, setting.value, setting.source, setting.description) for setting in settings]
    console().print(table(("setting", "value", "source", "what it is"), rows))


def example() -> str:
    """Return the text of ``.env.example``: every setting with its default, commented out."""
    blocks = [EXAMPLE_HEAD]
    for key in fields():
        field = Settings.model_fields[key]
        default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
        blocks.append(f"# {field.description}\n# {environment_name(key)}={'' if default is None else default}\n")
    return "\n".join(blocks)


def effective(settings: Settings) -> tuple[Setting, ...]:
    """Return every setting with its source, in the order of the class."""
    origins, values = sources(), masked(settings)
    return tuple(
        Setting(name, values[name], origins[name], field.description or "")
        for name, field in ((environment_name(key), Settings.model_fields[key]) for key in fields())
    )


def sources() -> dict[str, str]:
    """Return environment name -> where its value is read from, asked of the readers that read it."""
    from_environment, from_file = set(EnvSettingsSource(Settings)()), set(DotEnvSettingsSource(Settings)())
    origins = {}
    for key in Settings.model_fields:
        names = {key, environment_name(key)}
        origins[environment_name(key)] = (
            "env" if names & from_environment else ".env" if names & from_file else "default"
        )
    return origins
