from __future__ import annotations

import pytest

from signalstream.errors import ConfigurationError
from signalstream.settings import PREFIX, ROLES, Settings, environment_name, load_settings, masked


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """No variable and no .env of this machine reaches these tests."""
    for field in Settings.model_fields:
        monkeypatch.delenv(environment_name(field), raising=False)
    monkeypatch.chdir(tmp_path)


def refusal() -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    return str(caught.value)


def test_without_any_variable_the_settings_are_safe():
    settings = load_settings()

    assert (settings.auth, settings.encryption, settings.host) == ("required", "required", "127.0.0.1")
    assert settings.roles == ROLES
    assert settings.default_tenant is None


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field):
    description = Settings.model_fields[field].description

    assert description
    assert description.endswith((".", ","))


@pytest.mark.parametrize(
    ("variable", "value", "part"),
    [
        ("PORT", "0", "greater than or equal to 1"),
        ("PORT", "http", "valid integer"),
        ("KAFKA_BROKERS", "localhost", "not host:port"),
        ("KAFKA_BROKERS", "localhost:99999", "not host:port"),
        ("KAFKA_BROKERS", " , ", "no broker"),
        ("ROLES", "core,cook", "cook is no role"),
        ("ROLES", "", "empty list is no role"),
        ("ANALYST", "Not A Name", "pattern"),
        ("AUTH", "maybe", "'required' or 'off'"),
        ("LOG_LEVEL", "loud", "'DEBUG'"),
        ("DEFAULT_TENANT", "Demo", "no tenant id"),
        ("DEFAULT_TENANT", "demo\n", "no tenant id"),
        ("APP_ID", "Signal", "pattern"),
        ("WINDOW_SECONDS", "0", "greater than or equal to 1"),
        ("ANALYSIS_DEADLINE_SECONDS", "60", "REBALANCE_TIMEOUT_SECONDS (60)"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable(monkeypatch, variable, value, part):
    monkeypatch.setenv(PREFIX + variable, value)

    said = refusal()

    assert f"{PREFIX}{variable}: " in said
    assert part in said
    assert "\n" not in said


def test_all_wrong_values_are_named_at_once(monkeypatch):
    monkeypatch.setenv("SIGNALSTREAM_PORT", "x")
    monkeypatch.setenv("SIGNALSTREAM_PARTITIONS", "0")

    assert all(name in refusal() for name in ("SIGNALSTREAM_PORT", "SIGNALSTREAM_PARTITIONS"))


def test_a_deadline_must_end_before_a_hand_over_whichever_of_the_two_is_set(monkeypatch):
    monkeypatch.setenv("SIGNALSTREAM_REBALANCE_TIMEOUT_SECONDS", "20")

    assert "SIGNALSTREAM_ANALYSIS_DEADLINE_SECONDS" in refusal()


def test_lists_are_split_at_commas(monkeypatch):
    monkeypatch.setenv("SIGNALSTREAM_KAFKA_BROKERS", "one:1, two:2,")
    monkeypatch.setenv("SIGNALSTREAM_ROLES", "summary, core")

    settings = load_settings()

    assert settings.kafka_brokers == ("one:1", "two:2")
    assert settings.roles == ("core", "summary")


def test_all_names_every_role(monkeypatch):
    monkeypatch.setenv("SIGNALSTREAM_ROLES", "all")

    assert load_settings().roles == ROLES


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("SIGNALSTREAM_PORT=8001\nSIGNALSTREAM_HOST=127.0.0.2\nUNRELATED=1\n")
    monkeypatch.setenv("SIGNALSTREAM_PORT", "8002")

    settings = load_settings()

    assert (settings.port, settings.host) == (8002, "127.0.0.2")


def test_secrets_are_masked_and_every_variable_is_shown(monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "canary-9137")

    shown = masked(load_settings())

    assert shown["GEMINI_API_KEY"] == "********"
    assert "canary-9137" not in str(shown) + repr(load_settings())
    assert set(shown) == {environment_name(field) for field in Settings.model_fields}
    assert shown["SIGNALSTREAM_ROLES"] == ",".join(ROLES)
    assert shown["SIGNALSTREAM_DEFAULT_TENANT"] == ""


def test_a_wrong_secret_is_named_and_not_shown(monkeypatch):
    monkeypatch.setenv("SIGNALSTREAM_AUTH_SECRET", "canary-4711")

    said = refusal()

    assert "SIGNALSTREAM_AUTH_SECRET: " in said
    assert "canary-4711" not in said


def test_peers_reach_a_process_by_its_advertised_url_else_by_host_and_port():
    assert load_settings(port=8001).url() == "http://127.0.0.1:8001"
    assert load_settings(advertised_url="http://worker-1:80").url() == "http://worker-1:80"
