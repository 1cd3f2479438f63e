from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import GroupAuthorizationFailedError

from signalstream.errors import ConfigurationError
from signalstream.settings import ROLES, Settings
from signalstream.streaming.allowed import UNTOLD
from signalstream.streaming.rights import (
    BITS,
    CORE,
    DESCRIBE,
    DESCRIBE_CONFIGS,
    READ,
    WRITE,
    Right,
    missing_rights,
    named,
    require,
    rights_of,
    roles_of,
)
from signalstream.topics import all_topics

SETTINGS = Settings(_env_file=None, roles="core,pii")
EVERYTHING = sum(1 << bit for bit in BITS.values())


@dataclass
class Broker:
    """Knows every topic; ``topics`` and ``groups`` say what is allowed with one, None: that it is hidden."""

    topics: dict[str, int | None] = field(default_factory=dict)
    groups: dict[str, int | None] = field(default_factory=dict)
    default: int = EVERYTHING
    old: bool = False

    async def find_coordinator(self, name: str) -> int:
        if self.groups.get(name, 0) is None:
            raise GroupAuthorizationFailedError(name)
        return 1

    async def _send_request(self, asked: Any, node: int | None = None) -> Any:
        if self.old:
            raise NotImplementedError
        if hasattr(asked, "_names"):
            bits = {name: self.topics.get(name, self.default) for name in asked._names}
            return SimpleNamespace(
                topics=[(29 if b is None else 0, name, False, [], b or 0) for name, b in bits.items()]
            )
        return SimpleNamespace(groups=[(0, asked._name, "", "", "", [], self.groups.get(asked._name, self.default))])


def test_every_part_of_the_table_of_topics_runs_in_a_known_role_or_is_a_command():
    parts = {part for spec in all_topics(SETTINGS) for part in (*spec.writers, *spec.readers)}
    assert {role for part in parts for role in roles_of(part)} == set(ROLES)


def test_a_part_that_nobody_knows_is_an_error_and_not_a_right_that_is_forgotten():
    with pytest.raises(KeyError, match="a new part"):
        roles_of("a new part")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_read_and_write_what_the_table_says_and_nothing_else(role: str):
    rights = rights_of(role, SETTINGS)
    for spec in all_topics(SETTINGS):
        parts = {READ: spec.readers, WRITE: spec.writers}
        for operation, who in parts.items():
            needed = any(role in roles_of(part) for part in who)
            assert (Right("topic", operation, spec.name) in rights) is needed
    assert [right for right in rights if right.kind == "group"] == [
        Right("group", READ, "signalstream" if role == CORE else f"signalstream-{role}")
    ]


def test_what_is_switched_off_needs_no_rights_beyond_those_of_the_comparison():
    off = SETTINGS.model_copy(update={"auth": "off", "encryption": "off"})
    gone = {(each.operation, each.name) for each in rights_of(CORE, SETTINGS)} - {
        (each.operation, each.name) for each in rights_of(CORE, off)
    }
    assert gone == {(way, f"support.security.{name}") for way in (READ, WRITE) for name in ("keys", "vault")}


def test_every_role_may_compare_every_topic_before_it_starts():
    names = {spec.name for spec in all_topics(SETTINGS)}
    for operation in (DESCRIBE, DESCRIBE_CONFIGS):
        assert {right.name for right in rights_of("pii", SETTINGS) if right.operation == operation} == names


async def test_with_all_rights_nothing_is_missing():
    assert await missing_rights(Broker(), SETTINGS) == ()


async def test_what_is_missing_is_named_for_the_roles_that_run_here_only():
    broker = Broker(
        topics={"support.ai.pii": EVERYTHING ^ 1 << BITS[WRITE], "support.ai.summary": 1 << BITS[DESCRIBE_CONFIGS]},
        groups={"signalstream-pii": None, "signalstream": 1 << BITS[DESCRIBE], "signalstream-summary": None},
    )
    missing = await missing_rights(broker, SETTINGS)
    assert missing == (
        Right("group", READ, "signalstream"),
        Right("group", READ, "signalstream-pii"),
        Right("topic", DESCRIBE, "support.ai.summary"),
        Right("topic", READ, "support.ai.summary"),
        Right("topic", WRITE, "support.ai.pii"),
    )
    assert named(missing).startswith("READ on the groups signalstream, signalstream-pii; DESCRIBE on the topic ")


async def test_a_hidden_topic_lacks_every_right():
    missing = await missing_rights(Broker(topics={"support.ai.pii": None}), SETTINGS)
    assert {right.operation for right in missing} == {READ, WRITE, DESCRIBE, DESCRIBE_CONFIGS}


@pytest.mark.parametrize("broker", [Broker(default=UNTOLD), Broker(old=True)])
async def test_a_broker_that_tells_nothing_about_rights_is_believed_to_have_none_missing(broker: Broker):
    assert await missing_rights(broker, SETTINGS) == ()


def test_the_refusal_names_the_right_the_client_and_what_to_do():
    with pytest.raises(ConfigurationError) as refused:
        require([Right("topic", WRITE, "support.ai.pii")], SETTINGS)
    for words in ("this client", "core, pii", "WRITE on the topic support.ai.pii", "Nothing was started", "kafka-acls"):
        assert words in str(refused.value)
    require([], SETTINGS)
