"""Tables of models: raw bytes in Faust's table, frozen models outside.

Write only within an event of the conversation's key (Faust takes the partition from the event at hand). A decoded
row is kept for as long as its bytes are the same, because a conversation's rows are read several times a message.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Generic, TypeVar

import structlog
from pydantic import BaseModel

from signalstream.errors import UndecodableError, UnprocessableError
from signalstream.streaming.values import MAX_VALUE_BYTES, decode, encode

M = TypeVar("M", bound=BaseModel)
Confirm = Callable[[bytes], Awaitable[None]]
CACHED_ROWS = 2_000
log = structlog.get_logger()


class TypedTable(Generic[M]):
    """A mapping of key bytes to models over a mapping of bytes to bytes."""

    def __init__(
        self, rows: MutableMapping[bytes, bytes], model: type[M], name: str, confirm: Confirm | None = None
    ) -> None:
        self._confirm = confirm
        self._rows = rows
        self._model = model
        self._name = name
        self._decoded: OrderedDict[bytes, tuple[bytes, M]] = OrderedDict()

    def get(self, key: bytes) -> M | None:
        """Return the row, or None. Raises UndecodableError for a row that another version wrote."""
        value = self._rows.get(key)
        if value is None:
            return None
        cached = self._decoded.get(key)
        if cached is not None and cached[0] == value:
            return cached[1]
        row = decode(self._model, value)
        self._keep(key, value, row)
        return row

    def put(self, key: bytes, row: M) -> None:
        """Write the row. Raises UnprocessableError for one that the changelog could not take."""
        value = encode(row)
        if len(value) > MAX_VALUE_BYTES:
            raise UnprocessableError(
                f"a row of {self._name} would have {len(value)} bytes, more than {MAX_VALUE_BYTES}"
            )
        self._rows[key] = value
        self._keep(key, value, row)

    async def confirmed(self, key: bytes) -> None:
        """Return once the changelog has the row as it was last written. Raises BrokerUnavailableError."""
        if self._confirm is not None:
            await self._confirm(key)

    def remove(self, key: bytes) -> None:
        """Write a tombstone."""
        self._decoded.pop(key, None)
        if self._rows.get(key) is not None:
            del self._rows[key]

    def items(self) -> Iterator[tuple[bytes, M]]:
        """Yield every row that this worker holds; one that another version wrote is logged and left out."""
        for key, value in self._rows.items():
            try:
                row = decode(self._model, value)
            except UndecodableError as error:
                log.warning("table.row_unreadable", table=self._name, detail=str(error))
            else:
                yield bytes(key), row

    def _keep(self, key: bytes, value: bytes, row: M) -> None:
        self._decoded[key] = (value, row)
        self._decoded.move_to_end(key)
        if len(self._decoded) > CACHED_ROWS:
            self._decoded.popitem(last=False)
