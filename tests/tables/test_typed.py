from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from signalstream.core.sealing import OVERHEAD_BYTES
from signalstream.errors import KeyDestroyedError, SealedError, UndecodableError, UnprocessableError
from signalstream.models.windows import WindowCommand
from signalstream.security.vault import Vault
from signalstream.streaming.values import MAX_VALUE_BYTES, encode
from signalstream.tables.typed import CACHED_ROWS, RowSeal, TypedTable
from tests.security.vaults import FIRST, VaultTopic


def row(start: int) -> WindowCommand:
    return WindowCommand(command="close", start=start)


def table(rows: dict[bytes, bytes]) -> TypedTable[WindowCommand]:
    return TypedTable(rows, WindowCommand, "commands")


CHANGES = st.lists(
    st.tuples(st.sampled_from(["put", "remove", "behind", "gone"]), st.sampled_from([b"a", b"b"]), st.integers(0, 3)),
    max_size=30,
)


@settings(deadline=None, max_examples=150)
@given(CHANGES)
def test_a_row_is_always_what_the_bytes_say_even_when_they_changed_behind_its_back(changes):
    rows: dict[bytes, bytes] = {}
    typed = table(rows)
    for what, key, number in changes:
        if what == "put":
            typed.put(key, row(number))
        elif what == "remove":
            typed.remove(key)
        elif what == "behind":
            rows[key] = encode(row(number))
        else:
            rows.pop(key, None)
        for each in (b"a", b"b"):
            found = typed.get(each)
            assert (None if found is None else encode(found)) == rows.get(each)
    assert {key: encode(found) for key, found in typed.items()} == rows


def test_an_unchanged_row_is_decoded_once():
    typed = table({b"a": encode(row(1))})

    assert typed.get(b"a") is typed.get(b"a")


def test_the_memory_of_decoded_rows_is_bounded_and_forgets_the_longest_unwritten():
    rows: dict[bytes, bytes] = {}
    typed = table(rows)
    for number in range(CACHED_ROWS + 50):
        typed.put(b"%d" % number, row(number))

    assert len(typed._decoded) == CACHED_ROWS
    assert typed.get(b"0") == row(0)


def test_a_row_that_the_changelog_could_not_take_is_refused_and_the_old_one_stays():
    rows = {b"a": encode(row(1))}
    typed = table(rows)

    with pytest.raises(UnprocessableError, match=f"commands would have .* more than {MAX_VALUE_BYTES}"):
        typed.put(b"a", row(1).model_copy(update={"command": "x" * MAX_VALUE_BYTES}))
    assert typed.get(b"a") == row(1)


def test_removing_a_row_that_is_not_there_writes_no_tombstone():
    class Rows(dict[bytes, bytes]):
        def __delitem__(self, key: bytes) -> None:
            raise AssertionError("a tombstone for nothing")

    table(Rows()).remove(b"a")


def test_a_row_that_another_version_wrote_is_undecodable_alone_and_left_out_of_all():
    typed = table({b"a": b'{"v":2}', b"b": encode(row(1))})

    with pytest.raises(UndecodableError):
        typed.get(b"a")
    with capture_logs() as logs:
        assert list(typed.items()) == [(b"b", row(1))]
    assert [(line["event"], line["table"]) for line in logs] == [("table.row_unreadable", "commands")]


async def sealed_table(rows: dict[bytes, bytes], *tenants: bytes) -> tuple[TypedTable[WindowCommand], Vault]:
    vault = VaultTopic().vault()
    for tenant in tenants:
        await vault.prepare(tenant + b"/c")
    return TypedTable(rows, WindowCommand, "commands", seal=RowSeal(vault, "commands-changelog")), vault


async def test_a_row_is_sealed_as_its_changelogs_value_and_the_same_row_never_twice_alike():
    rows: dict[bytes, bytes] = {}
    typed, vault = await sealed_table(rows, b"acme")
    typed.put(b"acme/c", row(1))
    before = rows[b"acme/c"]
    typed.put(b"acme/c", row(1))

    assert rows[b"acme/c"] != before
    assert vault.open("commands-changelog", b"acme/c", before) == encode(row(1))
    assert typed.get(b"acme/c") == row(1)
    assert list(typed.items()) == [(b"acme/c", row(1))]


async def test_rows_whose_key_has_not_arrived_yet_hide_no_others_and_are_told():
    topic, rows = VaultTopic(), dict[bytes, bytes]()
    vault = topic.vault()
    for key in (b"late/1", b"acme/c", b"late/2"):
        await vault.prepare(key)
        TypedTable(rows, WindowCommand, "commands", seal=RowSeal(vault, "changelog")).put(key, row(1))
    topic.held = True
    behind = Vault(lambda: FIRST, topic.write, lambda: 0.0, topic.clock)
    for key, value in topic.log:
        if b"late" not in key:
            behind.apply(key, value)
    pending: list[bytes] = []

    readable = TypedTable(rows, WindowCommand, "commands", seal=RowSeal(behind, "changelog"))

    assert list(readable.items(pending=pending.append)) == [(b"acme/c", row(1))]
    assert pending == [b"late/1", b"late/2"]
    for key, value in topic.log:
        behind.apply(key, value)
    assert [key for key, _ in readable.items()] == [b"late/1", b"acme/c", b"late/2"]


async def test_a_row_that_was_put_in_anothers_place_on_the_disk_is_refused():
    rows: dict[bytes, bytes] = {}
    typed, _ = await sealed_table(rows, b"acme", b"evil")
    typed.put(b"acme/c", row(1))

    rows[b"evil/c"] = rows[b"acme/c"]

    with pytest.raises(SealedError):
        typed.get(b"evil/c")


async def test_a_row_counts_with_its_seal_against_what_the_changelog_takes():
    rows: dict[bytes, bytes] = {}
    typed, _ = await sealed_table(rows, b"acme")
    fits = row(1).model_copy(update={"command": "x" * (MAX_VALUE_BYTES - len(encode(row(1))) + len("close"))})
    assert len(encode(fits)) == MAX_VALUE_BYTES

    table(rows).put(b"acme/c", fits)
    with pytest.raises(UnprocessableError, match=f"{MAX_VALUE_BYTES + OVERHEAD_BYTES} bytes"):
        typed.put(b"acme/c", fits)


async def test_an_erased_tenants_rows_are_no_rows_even_when_they_were_read_a_moment_ago():
    rows: dict[bytes, bytes] = {}
    typed, vault = await sealed_table(rows, b"acme", b"other")
    for key in (b"acme/c", b"other/c"):
        typed.put(key, row(1))

    await vault.destroy("acme")

    assert typed.get(b"acme/c") is None
    assert list(typed.items()) == [(b"other/c", row(1))]
    with pytest.raises(KeyDestroyedError):
        typed.put(b"acme/c", row(2))
    typed.remove(b"acme/c")
    assert list(rows) == [b"other/c"]
