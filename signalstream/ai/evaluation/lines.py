"""Labelled records of a file of JSON Lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from pydantic import ValidationError

from signalstream.errors import ConfigurationError
from signalstream.models.base import Model

Record = TypeVar("Record", bound=Model)


def records(model: type[Record], lines: Iterable[str]) -> Iterator[Record]:
    """Yield the records, empty lines left out. Raises ConfigurationError that names the line which is not one."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield model.model_validate_json(line)
        except ValidationError as error:
            problem = error.errors()[0]
            place = ".".join(str(part) for part in problem["loc"]) or "the line"
            raise ConfigurationError(f"line {number} is not of the format: {place}: {problem['msg']}") from error
