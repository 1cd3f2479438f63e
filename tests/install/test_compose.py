from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from signalstream.settings import Settings, environment_name
from tests.kafka.broker import KafkaBroker
from tests.kafka.jars import POM

REPOSITORY = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name in SERVICES if name != "kafka"]
WORKERS = [name for name in OURS if name.startswith("worker-")]


def test_the_file_is_valid_by_the_compose_specification() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    jsonschema.validate(COMPOSE, schema)


@pytest.mark.parametrize("service", OURS)
def test_every_variable_is_a_setting_with_a_valid_value(service: str) -> None:
    names = {environment_name(field): field for field in Settings.model_fields}
    given: dict[str, str | None] = SERVICES[service]["environment"]
    assert given.keys() <= names.keys()
    assert all(value is None or isinstance(value, str) for value in given.values()), "quote it: YAML reads off as false"
    keys = {name if name == "GEMINI_API_KEY" else names[name]: value for name, value in given.items() if value}
    Settings(_env_file=None, **keys)  # type: ignore[arg-type]  # pydantic-settings takes any field as a keyword


def test_two_workers_share_the_work_with_data_and_addresses_of_their_own() -> None:
    assert WORKERS == ["worker-1", "worker-2"]
    for worker in WORKERS:
        assert SERVICES[worker]["environment"]["SIGNALSTREAM_ADVERTISED_URL"] == f"http://{worker}:8000"
        assert SERVICES[worker]["volumes"] == [f"{worker}-data:/var/lib/signalstream"]
    assert [SERVICES[worker]["ports"] for worker in WORKERS] == [["127.0.0.1:8000:8000"], ["127.0.0.1:8001:8000"]]


def test_every_worker_wants_credentials_and_no_secret_stands_in_the_file() -> None:
    for worker in WORKERS:
        given = SERVICES[worker]["environment"]
        assert "SIGNALSTREAM_AUTH" not in given
        assert given["SIGNALSTREAM_AUTH_SECRET"].startswith("${SIGNALSTREAM_AUTH_SECRET:?")


def test_without_tls_nothing_is_published_beyond_loopback() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []
    assert "ports" not in SERVICES["kafka"]
    assert SERVICES["kafka"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_workers_wait_for_the_broker_and_the_topics() -> None:
    assert "healthcheck" in SERVICES["kafka"]
    assert SERVICES["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    for worker in WORKERS:
        conditions = {name: needed["condition"] for name, needed in SERVICES[worker]["depends_on"].items()}
        assert conditions == {"kafka": "service_healthy", "topics": "service_completed_successfully"}


def test_every_name_that_is_used_is_declared() -> None:
    volumes = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    networks = {network for service in SERVICES.values() for network in service["networks"]}
    assert volumes == COMPOSE["volumes"].keys()
    assert networks == COMPOSE["networks"].keys()
    assert {(REPOSITORY / SERVICES[name]["build"] / "Dockerfile").is_file() for name in OURS} == {True}


def test_the_broker_is_the_version_that_the_tests_run_on() -> None:
    tested = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>(.+?)</version>", POM.read_text())
    assert tested is not None
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{tested[1]}"


@pytest.mark.kafka
def test_kafka_starts_with_the_settings_of_the_file(tmp_path: Path) -> None:
    given = {name: value for name, value in SERVICES["kafka"]["environment"].items() if name != "KAFKA_HEAP_OPTS"}
    lines = [f"{name.removeprefix('KAFKA_').lower().replace('_', '.')}={value}" for name, value in given.items()]
    text = "\n".join(lines).replace("//:9092", "//127.0.0.1:{port}").replace("//kafka:9092", "//127.0.0.1:{port}")
    text = text.replace("9093", "{controller}").replace(given["KAFKA_LOG_DIRS"], "{data}")
    with KafkaBroker(tmp_path, properties=text) as broker:
        assert "Kafka Server started" in broker.log_path.read_text()
        assert "unknown" not in broker.log_path.read_text().lower()
