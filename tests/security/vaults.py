"""Vaults on a topic in memory: what one writes the others hear of, at once or when the test says."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from signalstream.security.ciphers import WAITS, Waits
from signalstream.security.master_keys import MasterKeys
from signalstream.security.vault import Vault
from signalstream.security.vault_rows import Row
from tests.fakes import FixedClock

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIRST = MasterKeys((bytes(range(32)),))
SECOND = MasterKeys((bytes(range(32, 64)),))
BOTH = MasterKeys(SECOND.keys + FIRST.keys)
FIRST_TEXT = base64.b64encode(FIRST.keys[0]).decode()
SECOND_TEXT = base64.b64encode(SECOND.keys[0]).decode()


class VaultTopic:
    """The topic. While ``held`` nothing is delivered; ``deliver`` makes up for it. ``error`` fails every write."""

    def __init__(self) -> None:
        self.log: list[Row] = []
        self.vaults: list[Vault] = []
        self.clock = FixedClock(NOW)
        self.age = 0.0
        self.held = False
        self.error: Exception | None = None
        self._delivered: dict[int, int] = {}

    def vault(
        self,
        load: Callable[[], MasterKeys] = lambda: FIRST,
        *,
        reads_clear: bool = False,
        forget: Callable[[str], None] = lambda _: None,
        waits: Waits = WAITS,
    ) -> Vault:
        vault = Vault(
            load, self.write, lambda: self.age, self.clock, reads_clear=reads_clear, forget=forget, waits=waits
        )
        self.vaults.append(vault)
        self.deliver()
        return vault

    async def write(self, rows: Sequence[Row]) -> None:
        if self.error is not None:
            raise self.error
        self.log += rows
        if not self.held:
            self.deliver()

    def deliver(self) -> None:
        for number, vault in enumerate(self.vaults):
            for key, value in self.log[self._delivered.get(number, 0) :]:
                vault.apply(key, value)
            self._delivered[number] = len(self.log)

    def newest(self) -> dict[bytes, bytes | None]:
        return dict(self.log)
