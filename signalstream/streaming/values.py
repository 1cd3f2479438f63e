"""Models to bytes and back: the one seam where a value meets Kafka or RocksDB.

Topics and tables carry raw bytes, so that bytes that do not decode reach our code and not Faust's, which would
acknowledge them and restart the agent.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from signalstream.errors import UndecodableError

M = TypeVar("M", bound=BaseModel)

MAX_VALUE_BYTES = 900_000  # below Kafka's default limit of a record; a larger table value would kill the worker


def encode(model: BaseModel) -> bytes:
    """Return the model as JSON bytes."""
    return model.model_dump_json(exclude_none=True).encode()


def decode(model: type[M], value: bytes | None) -> M:
    """Return the model. Raises UndecodableError that names the fields but never quotes their values."""
    if value is None:
        raise UndecodableError(f"the record has no value; expected {model.__name__}")
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        problems = "; ".join(_problem(p["loc"], p["type"]) for p in error.errors(include_input=False)[:5])
        raise UndecodableError(f"the value is not a {model.__name__}: {problems}") from None


def _problem(location: tuple[int | str, ...], kind: str) -> str:
    # The name of an unknown field is the sender's, not ours: it is a value too.
    path = (*location[:-1], "unknown field") if kind == "extra_forbidden" else location
    return f"{'.'.join(str(part) for part in path) or 'value'}: {kind}"


class RecentlyRead(Generic[M]):
    """Decodes, and remembers the newest values: agents of one process read the same turn within moments."""

    def __init__(self, model: type[M], size: int = 256) -> None:
        self._model = model
        self._size = size
        self._read: dict[bytes, M] = {}

    def __call__(self, value: bytes | None) -> M:
        """Return the model. Raises UndecodableError."""
        known = self._read.get(value) if value is not None else None
        if known is not None:
            return known
        read = decode(self._model, value)
        if value is not None:
            if len(self._read) >= self._size:
                del self._read[next(iter(self._read))]
            self._read[value] = read
        return read
