from __future__ import annotations

import re

import pytest

from signalstream.agents import aggregation, conversation
from signalstream.agents.registry import AI_AGENT_NAMES, AI_AGENTS
from signalstream.models import (
    api_key,
    audit,
    dead_letter,
    erasure,
    intelligence,
    live,
    messages,
    policy,
    tenant_key,
    windows,
)
from signalstream.models import conversation as conversation_models
from signalstream.settings import ROLES, Settings
from signalstream.topics import (
    AI_TOPICS,
    DLQ,
    KEYS,
    POLICIES,
    TABLES,
    TOPICS,
    TURNS,
    VAULT,
    all_topics,
    changelog_name,
    topic_name,
)

SETTINGS = Settings(_env_file=None)
AGENTS = {conversation.NAME, aggregation.NAME, *AI_AGENT_NAMES}
OTHERS = {
    "web",
    "admission",
    "policies",
    "audit trail",
    "window sweep",
    "retention sweep",
    "signalstream retention",
    "signalstream erase",
    "erasure sweep",
    "live view",
    "signalstream dlq",
    "signalstream keys",
    "signalstream policies",
    "signalstream audit",
    "signalstream vault",
    "core",
}
MODELS = {
    name
    for module in (
        api_key,
        audit,
        conversation_models,
        dead_letter,
        erasure,
        intelligence,
        live,
        messages,
        policy,
        tenant_key,
        windows,
    )
    for name in vars(module)
}


def test_names_are_unique_and_legal_in_kafka():
    names = [spec.name for spec in all_topics(SETTINGS)]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9.-]{1,249}", name) for name in names)


@pytest.mark.parametrize("spec", TOPICS, ids=lambda spec: spec.name)
def test_a_topic_has_known_writers_readers_and_a_model_of_ours(spec):
    assert spec.writers
    assert spec.readers
    assert {*spec.writers, *spec.readers} <= AGENTS | OTHERS
    assert spec.model in MODELS


def test_each_ai_agent_reads_turns_and_writes_a_topic_of_its_own_that_the_aggregation_reads():
    assert {kind.output for kind in AI_AGENTS} == set(AI_TOPICS)
    assert set(TURNS.readers) == set(AI_AGENT_NAMES)
    for kind in AI_AGENTS:
        assert kind.output.writers == (kind.name,)
        assert kind.output.readers == (aggregation.NAME,)


def test_every_agent_can_write_dead_letters():
    assert set(DLQ.writers) == AGENTS


def test_each_ai_agent_is_a_role():
    assert set(ROLES) == {"core", *AI_AGENT_NAMES}


def test_changelogs_and_replicated_state_are_compacted_and_everything_else_is_kept_for_a_time():
    replicated = {topic_name(spec, SETTINGS) for spec in (KEYS, POLICIES, VAULT)}
    compacted = {changelog_name(table, SETTINGS) for table in TABLES} | replicated

    for spec in all_topics(SETTINGS):
        if spec.name in compacted:
            assert spec.config() == {"cleanup.policy": "compact", **dict(spec.extra)}
        else:
            assert spec.config()["cleanup.policy"] == "delete"
            assert int(spec.config()["retention.ms"]) >= 86_400_000


def test_the_prefix_and_the_app_id_keep_two_deployments_apart():
    other = Settings(_env_file=None, topic_prefix="other", app_id="other")

    assert not {spec.name for spec in all_topics(SETTINGS)} & {spec.name for spec in all_topics(other)}
    assert topic_name(TURNS, other) == "other.conversations.state"
