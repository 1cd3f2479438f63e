from __future__ import annotations

import pytest

from signalstream.core.sealing import UNSEALED
from signalstream.encryption import encryption, opened_sealer
from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.settings import Settings
from tests.security.vaults import FIRST_TEXT, NOW, VaultTopic

KEY = b"acme/c-1"


def settings(**changes: object) -> Settings:
    fields = {"encryption": "required", "master_keys": FIRST_TEXT, "kafka_brokers": "127.0.0.1:1"}
    return Settings(_env_file=None, **fields | changes)  # type: ignore[arg-type]  # any field is a keyword


async def test_without_encryption_there_is_no_vault_and_a_command_is_given_what_leaves_values_alone():
    assert encryption(settings(encryption="off", master_keys=None)) is None
    async with opened_sealer(settings(encryption="off", master_keys=None)) as sealer:
        assert sealer is UNSEALED


@pytest.mark.parametrize(("mode", "reads"), [("required", False), ("migrate", True)])
async def test_values_in_the_clear_are_read_only_while_they_are_taken_over(mode, reads):
    made = encryption(settings(encryption=mode))
    assert made is not None
    assert made.vault._reads_clear is reads


async def test_a_key_is_not_made_before_the_topic_can_take_it_and_a_broker_that_is_away_is_said_so():
    made = encryption(settings())
    assert made is not None
    with pytest.raises(BrokerUnavailableError, match="not connected"):
        await made.vault.prepare(KEY)
    with pytest.raises(ConfigurationError, match="vault new-master-key"):
        encryption(settings(master_keys=None))
    with pytest.raises(BrokerUnavailableError, match="no Kafka broker answers"):
        await made.connect()


async def test_whoever_keeps_something_of_a_tenant_in_memory_is_told_when_it_is_destroyed_and_health_counts():
    made, topic, told = encryption(settings()), VaultTopic(), list[str]()
    assert made is not None
    made.forgetters.append(told.append)
    elsewhere = topic.vault()
    await elsewhere.prepare(KEY)
    await elsewhere.destroy("acme")

    for row in topic.log:
        made._apply(*row)
    made.note_erased("pii")
    made.note_erased("pii")

    assert set(told) == {"acme"}
    assert made.health() == {
        "status": "degraded", "keys": 0, "keys_of_another_master_key": 0, "tenants_destroyed": 1,
        "records_erased": {"pii": 2}, "topic": {"status": "starting", "rows": 0},
    }  # fmt: skip
    assert made.vault.rows.gone == {"acme": NOW}
