"""Secrets of the way to Kafka: from a setting, or from a file that only this process may read."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from signalstream.errors import ConfigurationError
from signalstream.settings import Settings, environment_name


def required_secret(settings: Settings, setting: str, file: str, needed_by: str) -> str:
    """Return the secret of either setting. Raises ConfigurationError when there is none, or two."""
    given: SecretStr | None = getattr(settings, setting)
    path: Path | None = getattr(settings, file)
    names = f"{environment_name(setting)} or {environment_name(file)}"
    if given is None and path is None:
        raise ConfigurationError(f"{needed_by} needs {names}")
    if given is not None and path is not None:
        raise ConfigurationError(f"both {names.replace(' or ', ' and ')} are set; keep one")
    return given.get_secret_value() if given is not None else read_secret(path, file)


def read_secret(path: Path | None, field: str) -> str:
    """Return what a file holds, without the end of its line. Raises ConfigurationError when that is nothing."""
    name = environment_name(field)
    try:
        held = (path or Path()).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(
            f"{name}: {path} cannot be read ({why}); name a file that this user may read"
        ) from None
    if not held:
        raise ConfigurationError(f"{name}: {path} is empty; write the secret into it")
    return held
