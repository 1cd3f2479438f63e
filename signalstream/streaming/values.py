"""Models to bytes and back: the one seam where a value meets Kafka or RocksDB.

What is kept is sealed (``core/sealing.py``): ``opened`` and ``read`` open a record, an Outbox and a TypedTable seal.
Topics and tables carry raw bytes, so that bytes that do not decode reach our code and not Faust's, which would
acknowledge them and restart the agent.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from signalstream.core.sealing import UNSEALED, Sealer
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


async def sealable(sealer: Sealer, key: bytes | None) -> None:
    """Return once values of a record key can be sealed: at once, but for a tenant's first. Raises as ``prepare``."""
    if not sealer.is_ready(key):
        await sealer.prepare(key)


def opened(sealer: Sealer, record: Any) -> bytes | None:
    """Return a record's value as it was before it was sealed. Raises as ``Sealer.open``."""
    value: bytes | None = record.value
    return None if value is None else sealer.open(record.topic, record.key, value)


def read(sealer: Sealer, model: type[M], record: Any) -> M:
    """Return the model of a record. Raises UndecodableError, and as ``Sealer.open``."""
    return decode(model, opened(sealer, record))


def _problem(location: tuple[int | str, ...], kind: str) -> str:
    # The name of an unknown field is the sender's, not ours: it is a value too.
    path = (*location[:-1], "unknown field") if kind == "extra_forbidden" else location
    return f"{'.'.join(str(part) for part in path) or 'value'}: {kind}"


class RecentlyRead(Generic[M]):
    """Reads, and remembers the newest records: agents of one process read the same turn within moments.

    A record is known by its topic, key and value together, for a value that was moved elsewhere must not open.
    """

    def __init__(self, model: type[M], sealer: Sealer = UNSEALED, size: int = 256) -> None:
        self._model = model
        self._sealer = sealer
        self._size = size
        self._read: dict[tuple[str, bytes | None, bytes | None], M] = {}

    def __call__(self, record: Any) -> M:
        """Return the model of a record. Raises as ``read``."""
        place = (record.topic, record.key, record.value)
        known = self._read.get(place)
        if known is not None and not self._sealer.erased(record.key):
            return known
        found = read(self._sealer, self._model, record)
        if len(self._read) >= self._size:
            del self._read[next(iter(self._read))]
        self._read[place] = found
        return found
