from __future__ import annotations

import socket
from pathlib import Path

import pytest

from signalstream.cli.dev_settings import dev_settings, require_free_port, worker_environment
from signalstream.errors import ConfigurationError
from signalstream.settings import ROLES, Settings, environment_name, load_settings
from signalstream.streaming.embedded import free_port

BROKER = "127.0.0.1:39092"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(environment_name(field), raising=False)


def settings(port: int | None = None, embedded: bool = True) -> Settings:
    return dev_settings(port, BROKER, embedded, Path("/tmp/never-made"))


def test_dev_is_open_and_on_loopback_only_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNALSTREAM_HOST", "0.0.0.0")
    monkeypatch.setenv("SIGNALSTREAM_ADVERTISED_URL", "https://elsewhere.example.com")
    monkeypatch.setenv("SIGNALSTREAM_ROLES", "sentiment")
    monkeypatch.setenv("SIGNALSTREAM_KAFKA_BROKERS", "production:9092")
    chosen = settings(8123)
    assert (chosen.host, chosen.url(), chosen.roles) == ("127.0.0.1", "http://127.0.0.1:8123", ROLES)
    assert (chosen.auth, chosen.encryption, chosen.kafka_brokers) == ("off", "off", (BROKER,))


def test_dev_encrypts_only_when_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings().encryption == "off"
    monkeypatch.setenv("SIGNALSTREAM_ENCRYPTION", "required")
    assert settings().encryption == "required"


def test_the_tenant_is_demo_tenant_unless_one_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings().default_tenant == "demo-tenant"
    monkeypatch.setenv("SIGNALSTREAM_DEFAULT_TENANT", "acme")
    assert settings().default_tenant == "acme"


def test_the_analyst_is_local_unless_there_is_a_key_or_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings().analyst == "local"
    monkeypatch.setenv("GEMINI_API_KEY", "a-key")
    assert settings().analyst == "auto"
    monkeypatch.setenv("SIGNALSTREAM_ANALYST", "gemini")
    assert settings().analyst == "gemini"


def test_the_embedded_broker_gets_few_partitions_and_short_sessions_and_a_real_one_what_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (settings().partitions, settings().session_timeout_seconds) == (4, 6)
    real = settings(embedded=False)
    assert (real.partitions, real.session_timeout_seconds) == (8, 10)
    monkeypatch.setenv("SIGNALSTREAM_PARTITIONS", "2")
    assert settings().partitions == 2


def test_a_worker_with_that_environment_has_the_very_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "a-key")
    chosen = settings(8123)
    environment = worker_environment(chosen)
    assert "a-key" not in str(environment)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert load_settings() == chosen


def test_a_taken_port_is_refused_and_a_free_one_is_not() -> None:
    require_free_port(free_port())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port} .* --port"):
            require_free_port(port)
