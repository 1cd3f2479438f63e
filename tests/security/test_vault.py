from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.core.sealing import HEADER_BYTES, NOBODY, OVERHEAD_BYTES
from signalstream.core.tenant_keys import LONGEST_USE
from signalstream.errors import BrokerUnavailableError, KeyDestroyedError, KeyPendingError, SealedError
from signalstream.security.ciphers import Waits
from signalstream.security.vault import Vault
from tests.security.vaults import BOTH, FIRST, SECOND, VaultTopic

KEY, OTHER = b"acme/c-1", b"other/c-1"
TOPIC = "support.messages.raw"
TOPICS = st.from_regex(r"[a-z.-]{1,30}", fullmatch=True)
KEYS = st.binary(max_size=40).map(lambda rest: b"acme/" + rest)


async def ready(topic: VaultTopic | None = None, *keys: bytes) -> Vault:
    vault = (topic or VaultTopic()).vault()
    for key in keys or (KEY,):
        await vault.prepare(key)
    return vault


@pytest.fixture(scope="module")
def vault() -> Vault:
    return asyncio.run(ready(None, KEY, OTHER, b""))


@given(TOPICS, KEYS | st.none(), st.binary(max_size=500))
def test_what_is_sealed_opens_at_its_place_and_is_39_bytes_longer(vault, topic, key, value):
    sealed = vault.seal(topic, key, value)

    assert vault.open(topic, key, sealed) == value
    assert len(sealed) == len(value) + OVERHEAD_BYTES == len(value) + 39
    assert len(value) < 12 or value not in sealed


@settings(max_examples=300)
@given(st.binary(max_size=60), st.data())
def test_any_changed_bit_opens_nowhere(vault, value, data):
    sealed = bytearray(vault.seal(TOPIC, KEY, value))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises((SealedError, KeyPendingError)) as caught:  # pending: a changed key id may still arrive
        vault.open(TOPIC, KEY, bytes(sealed))
    assert isinstance(caught.value, SealedError) or 3 <= bit // 8 < HEADER_BYTES


@given(*[st.tuples(TOPICS, KEYS)] * 2)
def test_a_value_that_was_moved_to_another_topic_or_key_does_not_open(vault, place, other):
    sealed = vault.seal(*place, b"value")

    if place == other:
        assert vault.open(*other, sealed) == b"value"
    else:
        with pytest.raises(SealedError, match="another topic or key"):
            vault.open(*other, sealed)


def test_the_same_value_is_never_sealed_to_the_same_bytes(vault):
    assert len({vault.seal(TOPIC, KEY, b"same") for _ in range(1_000)}) == 1_000


def test_each_tenant_has_a_key_of_its_own_and_what_names_no_tenant_has_one_too(vault):
    header = {vault.seal(TOPIC, key, b"")[:HEADER_BYTES] for key in (KEY, b"acme/c-2", OTHER, b"", None, b"garbage")}

    assert len(header) == 3
    assert vault.rows.tenants() == [NOBODY, "acme", "other"]


def test_a_value_in_the_clear_is_refused_unless_topics_from_before_are_to_be_read():
    clear = VaultTopic().vault(reads_clear=True)

    assert clear.open(TOPIC, KEY, b"{}") == b"{}"
    for vault, value in ((VaultTopic().vault(), b"{}"), (clear, b"\xf5S\x01short"), (clear, b"\xf5S\x02" + bytes(60))):
        with pytest.raises(SealedError, match="SIGNALSTREAM_ENCRYPTION=migrate"):
            vault.open(TOPIC, KEY, value)


async def test_a_tenants_first_value_waits_for_its_key_and_all_later_ones_do_not():
    vault = VaultTopic().vault()
    with pytest.raises(KeyPendingError, match="acme has no key yet"):
        vault.seal(TOPIC, KEY, b"v")
    assert not vault.is_ready(KEY)

    await vault.prepare(KEY)

    assert vault.is_ready(KEY)
    assert vault.open(TOPIC, KEY, vault.seal(TOPIC, KEY, b"v")) == b"v"


async def test_many_first_messages_at_once_make_one_key_and_one_that_goes_away_takes_it_from_nobody():
    topic = VaultTopic()
    vault = topic.vault()
    topic.held = True
    waiting = [asyncio.create_task(vault.prepare(KEY)) for _ in range(50)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)

    topic.deliver()
    await asyncio.gather(*waiting[1:])

    assert len(topic.log) == 1


async def test_two_workers_that_make_a_key_at_once_agree_on_one_and_open_with_both():
    topic = VaultTopic()
    one, other = topic.vault(), topic.vault()
    topic.held = True
    both = asyncio.gather(one.prepare(KEY), other.prepare(KEY))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    topic.deliver()
    await both

    assert len(topic.log) == 2
    by_one, by_other = one.seal(TOPIC, KEY, b"v"), other.seal(TOPIC, KEY, b"v")
    assert by_one[:HEADER_BYTES] == by_other[:HEADER_BYTES]
    assert one.open(TOPIC, KEY, by_other) == other.open(TOPIC, KEY, by_one) == b"v"


async def test_what_was_sealed_with_the_key_that_was_not_preferred_opens_everywhere():
    topic = VaultTopic()
    one = await ready(topic)
    sealed = one.seal(TOPIC, KEY, b"early")
    for _ in range(8):  # one of eight random keys is preferred to it, surely enough, or it opens all the same
        await topic.vault(lambda: FIRST)._make("acme", version=1)

    assert all(vault.open(TOPIC, KEY, sealed) == b"early" for vault in topic.vaults)
    assert len({vault.seal(TOPIC, KEY, b"")[:HEADER_BYTES] for vault in topic.vaults}) == 1


async def test_a_key_whose_row_does_not_come_back_in_time_is_used_all_the_same():
    topic = VaultTopic()
    topic.held = True
    vault = topic.vault(waits=Waits(arrival=0.01))

    await vault.prepare(KEY)

    assert vault.open(TOPIC, KEY, vault.seal(TOPIC, KEY, b"v")) == b"v"


async def test_a_broker_that_takes_no_row_makes_no_key_and_the_next_message_tries_again():
    topic = VaultTopic()
    vault = topic.vault()
    topic.error = BrokerUnavailableError("away")
    for _ in range(2):
        with pytest.raises(BrokerUnavailableError, match="away"):
            await vault.prepare(KEY)

    topic.error = None
    await vault.prepare(KEY)

    assert vault.is_ready(KEY)


async def test_a_value_whose_key_has_not_arrived_yet_is_waited_for_and_opens_then():
    topic = VaultTopic()
    one, behind = topic.vault(), topic.vault()
    topic.vaults.remove(behind)
    await one.prepare(KEY)
    sealed = one.seal(TOPIC, KEY, b"v")
    with pytest.raises(KeyPendingError, match="has not arrived"):
        behind.open(TOPIC, KEY, sealed)

    for row in topic.log:
        behind.apply(*row)

    assert behind.open(TOPIC, KEY, sealed) == b"v"


async def test_a_key_that_a_topic_read_to_its_end_does_not_tell_never_was_and_one_that_is_not_followed_says_nothing():
    topic = VaultTopic()
    vault = topic.vault(waits=Waits(unknown=0.05))
    forged = b"\xf5S\x01" + bytes(8) + bytes(40)
    topic.age = float("inf")
    for _ in range(3):
        with pytest.raises(KeyPendingError):
            vault.open(TOPIC, KEY, forged)
        await asyncio.sleep(0.03)

    topic.age = 0.0

    with pytest.raises(SealedError, match="no key 0000000000000000"):
        vault.open(TOPIC, KEY, forged)


async def test_a_new_version_seals_from_then_on_and_the_old_one_still_opens():
    topic = VaultTopic()
    vault = await ready(topic)
    before = vault.seal(TOPIC, KEY, b"before")

    record = await vault.renew("acme")

    after = vault.seal(TOPIC, KEY, b"after")
    assert record.version == 2
    assert before[:HEADER_BYTES] != after[:HEADER_BYTES]
    assert [topic.vault().open(TOPIC, KEY, each) for each in (before, after)] == [b"before", b"after"]


async def test_a_key_that_is_a_month_old_is_followed_by_another_before_the_next_value():
    topic = VaultTopic()
    vault = await ready(topic)
    topic.clock.time += LONGEST_USE
    assert not vault.is_ready(KEY)

    await vault.prepare(KEY)

    assert vault.is_ready(KEY)
    assert [each.version for each in vault.rows.of("acme")] == [2, 1]


async def test_another_master_key_takes_over_while_all_go_on_and_the_first_can_then_be_thrown_away():
    topic, files = VaultTopic(), {"worker": FIRST}
    worker = topic.vault(lambda: files["worker"])
    await worker.prepare(KEY)
    sealed = worker.seal(TOPIC, KEY, b"v")

    assert await topic.vault(lambda: BOTH).rewrap() == 1

    assert worker.open(TOPIC, KEY, sealed) == b"v"
    assert worker.open(TOPIC, KEY, worker.seal(TOPIC, KEY, b"w")) == b"w"
    alone = topic.vault(lambda: SECOND)
    alone.require_master_keys()
    assert alone.open(TOPIC, KEY, sealed) == b"v"
    assert await alone.rewrap() == 0


async def test_a_master_key_that_is_not_here_is_named_and_waited_for_and_found_when_its_file_gets_it():
    topic, file = VaultTopic(), [SECOND]
    sealed = (await ready(topic)).seal(TOPIC, KEY, b"v")
    late = topic.vault(lambda: file[0], waits=Waits(reload=0))
    with pytest.raises(KeyPendingError, match=f"{FIRST.newest}.*SIGNALSTREAM_MASTER_KEY_FILE"):
        late.open(TOPIC, KEY, sealed)
    with pytest.raises(KeyPendingError, match=FIRST.newest):
        late.require_master_keys()
    assert late.health() == {
        "status": "degraded", "keys": 1, "keys_of_another_master_key": 1, "tenants_destroyed": 0,
    }  # fmt: skip

    file[0] = BOTH

    assert late.open(TOPIC, KEY, sealed) == b"v"
    assert late.health()["status"] == "ok"


async def test_a_destroyed_key_opens_and_seals_nothing_any_more_anywhere_and_others_are_unharmed():
    topic, forgotten = VaultTopic(), list[str]()
    vault = topic.vault(forget=forgotten.append)
    await vault.prepare(KEY)
    await vault.prepare(OTHER)
    sealed, others = vault.seal(TOPIC, KEY, b"v"), vault.seal(TOPIC, OTHER, b"o")
    await vault.renew("acme")

    assert await vault.destroy("acme") == 2

    for each in (vault, topic.vault()):
        with pytest.raises(KeyDestroyedError):
            each.open(TOPIC, KEY, sealed)
        with pytest.raises(KeyDestroyedError):
            each.seal(TOPIC, KEY, b"v")
        with pytest.raises(KeyDestroyedError):
            await each.prepare(KEY)
        assert (each.erased(KEY), each.erased(OTHER), each.erased(None)) == (True, False, False)
        assert each.open(TOPIC, OTHER, others) == b"o"
    assert "acme" in forgotten
    assert [key for key, value in topic.newest().items() if value and b"wrapped" in value] == [
        key for key in topic.newest() if key.startswith(b"key/other/")
    ]
    with pytest.raises(KeyDestroyedError):
        await vault.renew("acme")


async def test_a_key_that_is_made_while_its_tenant_is_destroyed_is_taken_back():
    topic = VaultTopic()
    late, operator = topic.vault(), topic.vault()
    topic.held = True
    making = asyncio.create_task(late.prepare(KEY))
    await asyncio.sleep(0)
    await operator.destroy("acme")
    await asyncio.sleep(0)

    topic.deliver()

    with pytest.raises(KeyDestroyedError):
        await making
    assert not any(value for key, value in topic.newest().items() if key.startswith(b"key/"))


async def test_a_rewrap_that_crosses_a_destruction_brings_nothing_back():
    topic = VaultTopic()
    await ready(topic)
    rotating, operator = topic.vault(lambda: BOTH), topic.vault()
    plain_write = rotating._write

    async def write_slowly(rows):
        if not operator.rows.gone:
            await operator.destroy("acme")
        await plain_write(rows)

    rotating._write = write_slowly
    await rotating.rewrap()

    assert not any(value for key, value in topic.newest().items() if key.startswith(b"key/"))


async def test_the_clock_of_another_worker_that_is_ahead_makes_no_key_worn():
    topic = VaultTopic()
    topic.clock.time += timedelta(days=2)
    await ready(topic)
    topic.clock.time -= timedelta(days=2)

    vault = topic.vault()
    await vault.prepare(KEY)

    assert len(vault.rows.of("acme")) == 1
