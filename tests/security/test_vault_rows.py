from __future__ import annotations

from structlog.testing import capture_logs

from signalstream.models.tenant_key import TenantKeyRecord, TenantKeysDestroyed
from signalstream.security.vault_rows import VaultRows, gone_row, row_key, row_of
from tests.security.vaults import FIRST, NOW


def key(number: int, version: int = 1, tenant: str = "acme") -> TenantKeyRecord:
    return FIRST.wrap(tenant, f"{number:016x}", version, bytes(32), NOW)


def rows_of(*records: TenantKeyRecord) -> VaultRows:
    rows = VaultRows()
    for record in records:
        rows.apply(*row_of(record))
    return rows


def test_a_record_survives_its_row():
    record = key(1)

    assert rows_of(record).keys == {record.key_id: record}


def test_every_process_prefers_the_same_of_two_first_keys_in_whatever_order_they_come():
    one, other = key(1), key(2)

    assert rows_of(one, other).of("acme") == rows_of(other, one).of("acme") == [one, other]


def test_the_highest_version_seals_and_the_older_ones_stay():
    assert [each.version for each in rows_of(key(9, 1), key(3, 3), key(1, 2)).of("acme")] == [3, 2, 1]


def test_a_tombstone_takes_a_key_away_and_another_tenants_stay():
    rows = rows_of(key(1), key(2), key(3, tenant="other"))

    rows.apply(row_key(key(1)), None)

    assert [each.key_id for each in rows.of("acme")] == [key(2).key_id]
    assert rows.tenants() == ["acme", "other"]


def test_what_was_destroyed_stays_so_whichever_rows_come_after():
    rows = rows_of(key(1))
    rows.apply(*gone_row(TenantKeysDestroyed(tenant_id="acme", destroyed_at=NOW)))

    rows.apply(*row_of(key(2)))
    rows.apply(b"gone/acme", None)

    assert rows.gone == {"acme": NOW}


def test_rows_that_cannot_be_read_or_lie_in_the_wrong_place_change_nothing_and_are_said_without_their_content():
    rows = rows_of(key(1))

    with capture_logs() as logs:
        rows.apply(b"key/acme/0", b"secret garbage")
        rows.apply(b"key/evil/0000000000000001", row_of(key(1))[1])
        rows.apply(b"gone/acme", b"{}")
        rows.apply(b"roll", b"{}")

    assert list(rows.keys) == [key(1).key_id]
    assert rows.gone == {}
    assert [line["event"] for line in logs] == ["vault.undecodable", "vault.misplaced", "vault.undecodable"]
    assert "secret" not in str(logs)
