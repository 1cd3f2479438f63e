from __future__ import annotations

import socket
from pathlib import Path

import pytest

from signalstream.agents.registry import AI_AGENT_NAMES, AI_AGENTS
from signalstream.ai.choice import choose_analyst
from signalstream.bootstrap import build, check_exposure
from signalstream.composition.analyses import add_analysis_agents, ai_apps
from signalstream.composition.apps import ai_app_id, main_app, other_apps
from signalstream.composition.core import add_core
from signalstream.composition.parts import Parts
from signalstream.encryption import encryption
from signalstream.errors import ConfigurationError
from signalstream.policies import ReplicaPolicies
from signalstream.settings import ROLES, Settings
from signalstream.streaming.application import SignalApp
from signalstream.streaming.clients import connection
from signalstream.topics import (
    AI_TOPICS,
    CONVERSATION_COMMANDS,
    RAW,
    TABLES,
    TURNS,
    WINDOW_COMMANDS,
    changelog_name,
    topic_name,
)
from tests.security.vaults import FIRST_TEXT

pytestmark = pytest.mark.usefixtures("restored_logging")  # building an app sets logging up


def settings(path: Path, **changes: object) -> Settings:
    fields = {"data_dir": path, "auth": "off", "encryption": "off", "default_tenant": "demo", "analyst": "local"}
    return Settings(_env_file=None, **fields | changes)  # type: ignore[arg-type]


def parts(given: Settings) -> Parts:
    main = main_app(given)
    encrypting, policies = encryption(given), ReplicaPolicies(given, connection(given))
    return Parts(given, choose_analyst(given), main, (main, *other_apps(given)), encrypting, policies)


def topics_of(app: SignalApp) -> dict[str, set[str]]:
    return {name.rpartition(".")[2]: set(agent.channel.topics) for name, agent in app.agents.items()}


@pytest.mark.parametrize("mode", ["required", "migrate"])
def test_a_worker_that_is_to_encrypt_and_has_no_master_key_is_refused_with_how_to_make_one(tmp_path, mode):
    with pytest.raises(ConfigurationError, match=r"signalstream vault new-master-key.*SIGNALSTREAM_ENCRYPTION=off"):
        build(settings(tmp_path, encryption=mode))


async def test_with_encryption_all_that_agents_and_tables_keep_goes_through_one_vault(tmp_path):
    built = parts(settings(tmp_path, encryption="required", master_keys=FIRST_TEXT))
    assert built.encryption is not None
    reader = add_core(built)

    assert built.sealer is built.encryption.vault
    for table in (reader.conversations, reader.insights, reader.windows):
        assert table._seal == (built.sealer, changelog_name(table._name, built.settings))
    assert built.stage("sentiment", built.main).outbox._sealer is built.sealer
    assert parts(settings(tmp_path)).encryption is None


def test_a_worker_that_wants_credentials_and_could_accept_none_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(ConfigurationError, match=r"SIGNALSTREAM_AUTH=required.*SIGNALSTREAM_AUTH_SECRET_FILE.*dev"):
        build(settings(tmp_path, auth="required"))


def test_listening_beyond_loopback_without_authentication_is_refused_and_with_it_is_not(tmp_path):
    check_exposure(settings(tmp_path, host="0.0.0.0", auth="required", auth_secret="s" * 32))
    with pytest.raises(ConfigurationError, match=r"SIGNALSTREAM_AUTH=off would let in whoever reaches 0\.0\.0\.0"):
        check_exposure(settings(tmp_path, host="0.0.0.0"))


async def test_an_address_given_to_faust_itself_is_checked_before_anything_listens(tmp_path):
    main = main_app(settings(tmp_path))
    main.conf.web_bind = "0.0.0.0"

    with pytest.raises(ConfigurationError, match="SIGNALSTREAM_AUTH=off"):
        await main.preflight()


def test_a_worker_of_all_roles_has_the_core_agents_and_hosts_one_app_for_each_ai_agent(tmp_path):
    given = settings(tmp_path)
    main = build(given)

    assert main.conf.id == "signalstream"
    assert topics_of(main) == {
        "conversation": {topic_name(RAW, given)},
        "aggregation": {topic_name(spec, given) for spec in (*AI_TOPICS, WINDOW_COMMANDS, CONVERSATION_COMMANDS)},
    }
    assert set(main.tables) == set(TABLES)
    assert {table.changelog_topic_name for table in main.tables.values()} == {
        changelog_name(table, given) for table in TABLES
    }


def test_each_ai_app_has_a_group_of_its_own_and_reads_turns(tmp_path):
    given = settings(tmp_path)
    made = parts(given)
    add_analysis_agents(made)
    for kind, app in ai_apps(made):
        assert app.conf.id == f"signalstream-{kind.name}"
        assert topics_of(app) == {kind.name: {topic_name(TURNS, given)}}
        assert not app.conf.web_enabled
    assert [kind for kind, _ in ai_apps(made)] == list(AI_AGENTS)
    assert len({app.conf.id for app in made.apps}) == len(ROLES)


@pytest.mark.parametrize("roles", [("core",), ("sentiment",), ("pii", "summary")])
def test_some_roles_make_the_same_apps_with_the_same_ids_as_all_of_them(tmp_path, roles):
    given = settings(tmp_path, roles=roles)
    apps = parts(given).apps

    assert [app.conf.id for app in apps] == [
        given.app_id if role == "core" else ai_app_id(given, role) for role in roles
    ]
    assert apps[0].conf.web_enabled


def test_a_worker_without_the_core_role_has_no_tables_but_answers_for_its_health(tmp_path):
    main = build(settings(tmp_path, roles=("sentiment",)))

    assert set(main.tables) == set()
    assert topics_of(main).keys() == {"sentiment"}
    assert set(AI_AGENT_NAMES) > {"sentiment"}


async def test_a_busy_port_is_found_before_the_broker_is_asked(tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        main = main_app(settings(tmp_path, port=busy.getsockname()[1]))

        with pytest.raises(ConfigurationError, match="cannot listen"):
            await main.preflight()


def test_a_data_directory_that_cannot_be_made_is_refused_before_anything_is_built(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError, match="SIGNALSTREAM_DATA_DIR"):
        build(settings(tmp_path / "file" / "data"))
