from __future__ import annotations

import ast
import ssl
from pathlib import Path
from typing import Any

import faust
import pytest
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

import signalstream
from signalstream.errors import ConfigurationError
from signalstream.settings import Settings
from signalstream.streaming.application import new_app
from signalstream.streaming.clients import Connection, connection
from signalstream.streaming.tokens import CommandToken, EndpointToken, FileToken
from tests.gemini_fake.certificates import certificates

PACKAGE = Path(signalstream.__file__).parent
CLIENTS = {"AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient", "AIOKafkaClient", "create_conn"}
SCRAM = {"kafka_sasl_mechanism": "SCRAM-SHA-512", "kafka_username": "alice", "kafka_password": "wonderland"}
BEARER = {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_sasl_mechanism": "OAUTHBEARER"}


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, kafka_brokers="127.0.0.1:1,127.0.0.1:2", **given)


@pytest.fixture
def pem(tmp_path: Path) -> dict[str, Path]:
    made = certificates()
    held = {"ca": made.authority, "certificate": made.certificate, "key": made.key}
    for name, content in held.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in held}


def opened(module: Path) -> set[str]:
    calls = [node.func for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
    names = {call.id if isinstance(call, ast.Name) else getattr(call, "attr", "") for call in calls}
    return names & CLIENTS


async def clients(made: Connection) -> list[Any]:
    """Return what each kind of client speaks through; all of them are stopped."""
    consumer, producer, admin = made.consumer(), made.producer(), made.admin()
    await consumer.stop()
    await producer.stop()
    await admin.close()
    return [consumer._client, producer.client, admin._client]


def test_nobody_opens_a_client_past_the_one_connection():
    modules = {module.relative_to(PACKAGE).as_posix(): opened(module) for module in PACKAGE.rglob("*.py")}
    assert {name: names for name, names in modules.items() if names} == {
        "streaming/clients.py": {"AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient", "create_conn"}
    }


async def test_without_security_settings_a_client_is_told_of_the_brokers_only():
    plain = connection(settings())
    assert plain == Connection(("127.0.0.1:1", "127.0.0.1:2"))
    assert plain.faust_credentials() is None
    assert {client._security_protocol for client in await clients(plain)} == {"PLAINTEXT"}


def test_no_secret_is_in_what_a_connection_shows_of_itself():
    shown = connection(settings(kafka_security_protocol="SASL_PLAINTEXT", **SCRAM))
    assert "wonderland" not in f"{shown!r} {shown} {shown.faust_credentials()!r}"


async def test_every_kind_of_client_gets_tls_and_sasl(pem: dict[str, Path]):
    made = connection(settings(kafka_security_protocol="SASL_SSL", kafka_ca_file=pem["ca"], **SCRAM))
    for client in await clients(made):
        assert (client._security_protocol, client._sasl_mechanism) == ("SASL_SSL", "SCRAM-SHA-512")
        assert (client._sasl_plain_username, client._sasl_plain_password) == ("alice", "wonderland")
        assert client._ssl_context.verify_mode is ssl.CERT_REQUIRED
        assert client._ssl_context.check_hostname


def test_faust_gets_for_every_app_what_the_others_get(pem: dict[str, Path], tmp_path: Path):
    token = {"kafka_token_file": pem["key"]}
    for given in (
        {"kafka_security_protocol": "SSL", "kafka_ca_file": pem["ca"]},
        {"kafka_security_protocol": "SASL_SSL", **SCRAM},
        {"kafka_security_protocol": "SASL_PLAINTEXT", **SCRAM},
        {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_mechanism": "OAUTHBEARER", **token},
    ):
        chosen = settings(data_dir=tmp_path, **given)
        told = credentials_to_aiokafka_auth(new_app("an-app", chosen).conf.broker_credentials)
        expected = dict(connection(chosen).security)
        told, compared = dict(told), ("security_protocol", "sasl_mechanism", "sasl_plain_password")
        assert {name: told.get(name) for name in compared} == {name: expected.get(name) for name in compared}
        assert (told.get("ssl_context") is None) == (expected.get("ssl_context") is None)
        assert type(told.get("sasl_oauth_token_provider")) is type(expected.get("sasl_oauth_token_provider"))


def test_a_client_certificate_is_shown_to_brokers_that_want_one(pem: dict[str, Path]):
    made = connection(
        settings(
            kafka_security_protocol="SSL",
            kafka_ca_file=pem["ca"],
            kafka_certificate_file=pem["certificate"],
            kafka_key_file=pem["key"],
            kafka_check_hostname=False,
        )
    )
    assert isinstance(made.faust_credentials(), faust.SSLCredentials)
    assert not made.security["ssl_context"].check_hostname
    assert made.security["ssl_context"].verify_mode is ssl.CERT_REQUIRED


def test_the_password_may_be_in_a_file(tmp_path: Path):
    (tmp_path / "password").write_text("wonderland\n")
    given = SCRAM | {"kafka_password": None, "kafka_password_file": tmp_path / "password"}
    made = connection(settings(kafka_security_protocol="SASL_PLAINTEXT", **given))
    assert made.security["sasl_plain_password"] == "wonderland"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"kafka_token_file": "/run/token"}, FileToken),
        ({"kafka_token_command": "print-token --now"}, CommandToken),
        (
            {
                "kafka_token_url": "https://issuer.test/token",
                "kafka_token_client_id": "us",
                "kafka_token_client_secret": "s",
            },
            EndpointToken,
        ),
    ],
)
def test_a_token_comes_from_the_place_that_is_named(given: dict[str, str], kind: type):
    assert isinstance(connection(settings(**BEARER, **given)).security["sasl_oauth_token_provider"], kind)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kafka_security_protocol": "SASL_SSL"}, "needs SIGNALSTREAM_KAFKA_SASL_MECHANISM"),
        (SCRAM, "KAFKA_PASSWORD would not be used with SIGNALSTREAM_KAFKA_SECURITY_PROTOCOL=PLAINTEXT"),
        ({"kafka_ca_file": "/ca"}, "SIGNALSTREAM_KAFKA_CA_FILE would not be used"),
        ({"kafka_security_protocol": "SSL", "kafka_ca_file": "/no/ca"}, "KAFKA_CA_FILE: /no/ca cannot be read"),
        ({"kafka_security_protocol": "SSL", "kafka_ca_file": __file__}, "holds no PEM certificate"),
        ({"kafka_security_protocol": "SSL", "kafka_key_file": "/key"}, "without SIGNALSTREAM_KAFKA_CERTIFICATE_FILE"),
        ({"kafka_security_protocol": "SSL", "kafka_certificate_file": "/cert"}, "there is no file /cert"),
        ({"kafka_security_protocol": "SSL", "kafka_certificate_file": __file__}, "do not go together"),
        (
            {"kafka_security_protocol": "SASL_PLAINTEXT", **SCRAM, "kafka_username": None},
            "needs SIGNALSTREAM_KAFKA_USERNAME",
        ),
        (
            {"kafka_security_protocol": "SASL_PLAINTEXT", **SCRAM, "kafka_password": None},
            "needs SIGNALSTREAM_KAFKA_PASSWORD or SIGNALSTREAM_KAFKA_PASSWORD_FILE",
        ),
        (
            {"kafka_security_protocol": "SASL_PLAINTEXT", **SCRAM, "kafka_password_file": "/two"},
            "are set; keep one",
        ),
        (BEARER, "needs one of SIGNALSTREAM_KAFKA_TOKEN_FILE"),
        (BEARER | {"kafka_token_file": "/a", "kafka_token_command": "b"}, "needs one of"),
        (BEARER | {"kafka_token_url": "http://issuer.test/token"}, "in the clear; use https"),
        (BEARER | {"kafka_token_url": "https://issuer.test/token"}, "needs SIGNALSTREAM_KAFKA_TOKEN_CLIENT_ID"),
    ],
)
def test_settings_that_would_not_do_what_they_say_are_refused_by_name(given: dict[str, Any], said: str):
    with pytest.raises(ConfigurationError) as refused:
        connection(settings(**given))
    assert said in str(refused.value)
    assert "wonderland" not in str(refused.value)
