"""Whose turn is next when many tenants wait: tenants take turns, each tenant's own go in the order of coming.

The law: an item that is the first of its tenant is passed by at most one item of each other tenant. So a tenant with a
thousand waiting delays another's next by one, and when anything waits, something is next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class FairOrder(Generic[T]):
    """What waits, in a line for each tenant; the tenant whose turn it is stands first."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, deque[T]] = {}
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def add(self, tenant: Hashable, item: T) -> None:
        """Let an item wait behind its tenant's; a tenant that had none waits behind all others."""
        self._lines.setdefault(tenant, deque()).append(item)
        self._waiting += 1

    def next(self) -> T:
        """Take the next item; its tenant goes to the end. Raises LookupError when nothing waits."""
        try:
            tenant = next(iter(self._lines))
        except StopIteration as error:
            raise LookupError("nothing waits") from error
        line = self._lines.pop(tenant)
        item = line.popleft()
        if line:
            self._lines[tenant] = line
        self._waiting -= 1
        return item

    def discard(self, tenant: Hashable, item: T) -> None:
        """Let an item wait no more. Raises ValueError when it does not."""
        line = self._lines.get(tenant, deque())
        line.remove(item)
        if not line:
            del self._lines[tenant]
        self._waiting -= 1
