from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from signalstream.agents import window_sweep
from signalstream.agents.window_sweep import REPEAT, WindowSweep
from signalstream.core import windows
from signalstream.core.deadlines import Deadlines
from signalstream.core.sealing import Unsealed
from signalstream.core.windows import WindowPolicy
from signalstream.errors import BrokerUnavailableError, KeyPendingError
from signalstream.models.windows import WindowCommand, WindowState
from signalstream.streaming.values import decode
from signalstream.tables.typed import RowSeal
from signalstream.tables.windows import WindowTable, row_key
from tests.core.analyses import BEGIN, analysis
from tests.fakes import FixedClock, RecordingOutbox

POLICY = WindowPolicy(seconds=10, grace_seconds=5, retention_seconds=100, per_conversation=5)
DUE = timedelta(seconds=15)


class Bench:
    def __init__(self, rows: dict[bytes, bytes] | None = None) -> None:
        self.rows = {} if rows is None else rows
        self.deadlines = Deadlines()
        self.table = WindowTable(self.rows, self.deadlines)
        self.outbox = RecordingOutbox()
        self.clock = FixedClock(BEGIN)
        self.sweep = WindowSweep(self.table, self.deadlines, self.outbox, "commands", 0.001, self.clock)

    def open(self, seconds: int, conversation: bytes = b"acme/c-1") -> WindowState:
        state = windows.opened(analysis(written_at=BEGIN + timedelta(seconds=seconds)), self.clock.now(), POLICY)
        self.table.put(row_key(conversation, state.start), state)
        return state

    def commands(self) -> list[tuple[bytes, str, int]]:
        decoded = [(sent.key, decode(WindowCommand, sent.value)) for sent in self.outbox.on("commands")]
        return [(key, command.command, command.start) for key, command in decoded]


async def test_a_window_is_asked_to_close_at_its_deadline_under_its_conversations_key():
    bench = Bench()
    state = bench.open(0)

    assert await bench.sweep.sweep() == 0
    bench.clock.time += DUE
    assert await bench.sweep.sweep() == 1
    assert bench.commands() == [(b"acme/c-1", "close", state.start)]


async def test_a_closed_window_is_asked_to_go_when_it_expires():
    bench = Bench()
    state = windows.close(bench.open(0), "deadline")
    bench.table.put(row_key(b"acme/c-1", state.start), state)

    bench.clock.time += DUE
    assert await bench.sweep.sweep() == 0
    bench.clock.time += timedelta(seconds=100)
    assert await bench.sweep.sweep() == 1
    assert bench.commands() == [(b"acme/c-1", "expire", state.start)]


async def test_a_command_without_effect_is_sent_again_after_a_while_and_not_before():
    bench = Bench()
    bench.open(0)
    bench.clock.time += DUE

    assert await bench.sweep.sweep() == 1
    assert await bench.sweep.sweep() == 0
    bench.clock.time += REPEAT
    assert await bench.sweep.sweep() == 1


async def test_a_window_that_closes_before_the_broker_confirms_is_not_asked_again_before_it_expires():
    bench = Bench()
    state = bench.open(0)

    class ObeyedAtOnce(RecordingOutbox):
        async def send(self, *record: object) -> None:
            await super().send(*record)  # type: ignore[arg-type]
            bench.table.put(row_key(b"acme/c-1", state.start), windows.close(state, "deadline"))

    bench.sweep.outbox = ObeyedAtOnce()
    bench.clock.time += DUE
    assert await bench.sweep.sweep() == 1
    bench.clock.time += REPEAT
    assert await bench.sweep.sweep() == 0


async def test_no_due_window_is_forgotten_when_the_broker_goes_away_in_the_middle():
    bench = Bench()
    for number in range(5):
        bench.open(number * 10)
    bench.clock.time += DUE
    bench.outbox.failures = [BrokerUnavailableError("away")]

    with pytest.raises(BrokerUnavailableError):
        await bench.sweep.sweep()
    assert await bench.sweep.sweep() == 5


async def test_one_sweep_sends_a_bounded_number_of_commands_and_the_next_one_the_rest():
    bench = Bench()
    for number in range(window_sweep.COMMANDS_PER_SWEEP + 7):
        bench.open(0, b"acme/c-%d" % number)
    bench.clock.time += DUE

    assert [await bench.sweep.sweep() for _ in range(3)] == [window_sweep.COMMANDS_PER_SWEEP, 7, 0]


async def test_rows_that_came_with_a_new_assignment_are_found():
    bench = Bench()
    await bench.sweep.sweep()
    other = Bench(bench.rows)
    other.open(0)
    bench.clock.time += DUE

    assert await bench.sweep.sweep() == 0
    bench.sweep.assignment_changed()
    assert await bench.sweep.sweep() == 1


async def test_a_row_that_went_away_is_no_command():
    bench = Bench()
    bench.open(0)
    await bench.sweep.sweep()
    bench.rows.clear()
    bench.clock.time += DUE

    assert await bench.sweep.sweep() == 0


async def test_a_row_that_this_version_cannot_read_hides_no_other_and_is_logged():
    bench = Bench({row_key(b"acme/c-0", 0): b"{}"})
    bench.open(0)
    bench.clock.time += DUE

    with capture_logs() as logs:
        assert await bench.sweep.sweep() == 1
    assert [line["event"] for line in logs] == ["table.row_unreadable"]


class LateKey(Unsealed):
    """Opens no row of a tenant while ``away``."""

    def __init__(self, tenant: bytes) -> None:
        self.tenant, self.away = tenant, True

    def open(self, topic: str, key: bytes | None, value: bytes) -> bytes:
        if self.away and (key or b"").startswith(self.tenant):
            raise KeyPendingError("its key has not arrived")
        return super().open(topic, key, value)


async def test_windows_of_a_tenant_whose_key_comes_late_hold_no_others_up_and_are_closed_when_it_is_there():
    bench, sealer = Bench(), LateKey(b"late/")
    for name in (b"late/c-1", b"acme/c-1", b"late/c-2"):
        bench.open(0, name)
    bench.sweep.table = WindowTable(bench.rows, bench.deadlines, seal=RowSeal(sealer, "changelog"))
    bench.clock.time += DUE

    assert await bench.sweep.sweep() == 1
    assert [key for key, _, _ in bench.commands()] == [b"acme/c-1"]
    sealer.away = False
    bench.clock.time += REPEAT
    assert await bench.sweep.sweep() == 3
    assert {key for key, _, _ in bench.commands()} == {b"acme/c-1", b"late/c-1", b"late/c-2"}


async def test_a_window_that_cannot_be_read_when_it_is_due_holds_no_others_up():
    bench = Bench()
    for name in (b"acme/broken", b"acme/c-1"):
        bench.open(0, name)
    await bench.sweep.sweep()
    [broken] = [key for key in bench.rows if b"broken" in key]
    bench.rows[broken] = b"{}"
    bench.clock.time += DUE

    with capture_logs() as logs:
        assert await bench.sweep.sweep() == 1
    assert [line["event"] for line in logs] == ["windows.row_unreadable"]


class ChangingRows(dict[bytes, bytes]):
    """Rows whose partition is taken away once while someone goes through them."""

    taken_away = False

    def items(self) -> Iterator[tuple[bytes, bytes]]:  # type: ignore[override]
        yield from super().items()
        if not self.taken_away:
            self.taken_away = True
            raise RuntimeError("changed during iteration")


@dataclass
class AppThatStops:
    """An app that stops after ``turns`` looks at it."""

    turns: int
    is_ready: bool = True

    @property
    def should_stop(self) -> bool:
        self.turns -= 1
        return self.turns < 0

    async def sleep(self, _seconds: float) -> None:
        return None


async def test_a_rebalance_in_the_middle_of_indexing_costs_one_sweep_and_not_the_worker():
    rows = ChangingRows()
    bench = Bench(rows)
    bench.open(0)
    bench.clock.time += DUE

    with capture_logs() as logs:
        await bench.sweep.run(AppThatStops(turns=2))

    assert [line["event"] for line in logs] == ["windows.sweep_failed"]
    assert len(bench.commands()) == 1


async def test_nothing_is_swept_while_the_app_is_not_ready():
    bench = Bench()
    bench.open(0)
    bench.clock.time += DUE

    await bench.sweep.run(AppThatStops(turns=3, is_ready=False))

    assert bench.commands() == []
