"""Tables of models: raw bytes in Faust's table, frozen models outside.

Rows are sealed as their changelog's values, which they are; a row whose tenant's key was destroyed is no row any more.
Write only within an event of the conversation's key (Faust takes the partition from the event at hand). A decoded
row is kept for as long as its bytes are the same, because a conversation's rows are read several times a message.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import suppress
from typing import Generic, NamedTuple, TypeVar

import structlog
from pydantic import BaseModel

from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.errors import KeyPendingError, UndecodableError, UnprocessableError
from signalstream.models.sparing import FieldNames
from signalstream.streaming.values import MAX_VALUE_BYTES, decode, encode

M = TypeVar("M", bound=BaseModel)
Confirm = Callable[[bytes], Awaitable[None]]
CACHED_ROWS = 2_000
log = structlog.get_logger()


class RowSeal(NamedTuple):
    """Who seals a table's rows, and the changelog topic that they are sealed for."""

    sealer: Sealer
    changelog: str


UNSEALED_ROWS = RowSeal(UNSEALED, "")


class TypedTable(Generic[M]):
    """A mapping of key bytes to models over a mapping of bytes to bytes."""

    def __init__(
        self,
        rows: MutableMapping[bytes, bytes],
        model: type[M],
        name: str,
        confirm: Confirm | None = None,
        seal: RowSeal = UNSEALED_ROWS,
    ) -> None:
        self._confirm = confirm
        self._seal = seal
        self._rows = rows
        self._model = model
        self._name = name
        self._decoded: OrderedDict[bytes, tuple[bytes, M]] = OrderedDict()
        self._names = FieldNames()

    def get(self, key: bytes) -> M | None:
        """Return the row, or None. Raises UndecodableError for a row that another version wrote, KeyPendingError."""
        value = self._rows.get(key)
        if value is None or self._seal.sealer.erased(key):
            return None
        cached = self._decoded.get(key)
        if cached is not None and cached[0] == value:
            return cached[1]
        row = self._read(key, value)
        self._keep(key, value, row)
        return row

    def put(self, key: bytes, row: M) -> None:
        """Write the row. Raises UnprocessableError for one that the changelog could not take.

        Raises KeyPendingError, KeyDestroyedError when nothing can be sealed for its tenant.
        """
        value = self._seal.sealer.seal(self._seal.changelog, key, encode(row))
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

    def bury(self, key: bytes) -> None:
        """Write a tombstone, of a row that is not here too: after a crash the changelog may have it still."""
        self._decoded.pop(key, None)
        with suppress(KeyError):
            del self._rows[key]

    def items(self, pending: Callable[[bytes], None] = lambda _key: None) -> Iterator[tuple[bytes, M]]:
        """Yield every row that this worker holds; one that another version wrote is logged and left out.

        One whose key has not arrived yet hides no other: its row key is told to ``pending``.
        """
        for key, value in self._rows.items():
            if self._seal.sealer.erased(key):
                continue
            try:
                row = self._read(bytes(key), value)
            except UndecodableError as error:
                log.warning("table.row_unreadable", table=self._name, detail=str(error))
            except KeyPendingError:
                pending(bytes(key))
            else:
                yield bytes(key), row

    def _read(self, key: bytes, value: bytes) -> M:
        return decode(self._model, self._seal.sealer.open(self._seal.changelog, key, value))

    def _keep(self, key: bytes, value: bytes, row: M) -> None:
        self._names.share(row)
        self._decoded[key] = (value, row)
        self._decoded.move_to_end(key)
        if len(self._decoded) > CACHED_ROWS:
            self._decoded.popitem(last=False)
