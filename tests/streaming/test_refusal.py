from __future__ import annotations

import ssl
from typing import Any

import pytest
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)

from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.streaming.clients import Connection
from signalstream.streaming.refusal import judged, refusal
from signalstream.streaming.tokens import TokenError

BROKERS = ("127.0.0.1:1",)
SCRAM = Connection(
    BROKERS,
    {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "alice",
        "sasl_plain_password": "wonderland",
    },
)
BEARER = Connection(BROKERS, {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": object()})


def of_certificate(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, message)
    error.verify_code, error.verify_message = code, message
    return error


def of_tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


def from_cause(cause: BaseException) -> KafkaConnectionError:
    error = KafkaConnectionError("closed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("kafka", "error", "kind", "said"),
    [
        (SCRAM, SaslAuthenticationFailed("no"), ConfigurationError, "refuses the user 'alice' with SCRAM-SHA-512"),
        (BEARER, SaslAuthenticationFailed("no"), ConfigurationError, "SIGNALSTREAM_KAFKA_TOKEN_"),
        (SCRAM, UnsupportedSaslMechanismError(), ConfigurationError, "does not take SCRAM-SHA-512"),
        (SCRAM, IllegalSaslStateError(), ConfigurationError, "wants no SASL on this port"),
        (SCRAM, ValueError("Server sent wrong signature!"), ConfigurationError, "is your Kafka broker"),
        (BEARER, TokenError("no file", final=True), ConfigurationError, "no file"),
        (BEARER, TokenError("no answer"), BrokerUnavailableError, "no answer"),
        (SCRAM, of_certificate(20, "no issuer"), ConfigurationError, "KAFKA_CA_FILE to the authority"),
        (SCRAM, of_certificate(62, "Hostname mismatch"), ConfigurationError, "by a name that is in it"),
        (SCRAM, of_certificate(10, "certificate has expired"), ConfigurationError, "renew it"),
        (SCRAM, from_cause(of_tls("SSLV3_ALERT_BAD_CERTIFICATE")), ConfigurationError, "KAFKA_CERTIFICATE_FILE"),
        (SCRAM, of_tls("WRONG_VERSION_NUMBER"), BrokerUnavailableError, "no TLS is spoken at"),
        (SCRAM, from_cause(ConnectionResetError()), BrokerUnavailableError, "does not speak SASL_SSL"),
        (SCRAM, ConnectionRefusedError(), BrokerUnavailableError, "no Kafka broker answers at here:9"),
        (SCRAM, TimeoutError(), BrokerUnavailableError, "no Kafka broker answers at here:9"),
    ],
)
def test_each_fault_is_told_apart_and_only_those_that_time_may_mend_are_waited_for(
    kafka: Connection, error: BaseException, kind: type, said: str
):
    found = judged(kafka, "here:9", error)
    assert type(found) is kind
    assert said in str(found)
    assert "wonderland" not in str(found)


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (TopicAuthorizationFailedError("a-topic"), "the topic a-topic"),
        (TopicAuthorizationFailedError({"b", "a"}), "the topic a, b"),
        (from_cause(GroupAuthorizationFailedError("a-group")), "the group a-group"),
        (ClusterAuthorizationFailedError(), "the cluster"),
    ],
)
async def test_a_right_that_is_missing_is_named_without_asking_anyone(error: BaseException, what: str):
    found = await refusal(SCRAM, error)
    assert type(found) is ConfigurationError
    assert f"does not let the user 'alice' do this with {what}; grant the right" in str(found)


class Cluster(Connection):
    """Brokers that answer by their port: one is away, one refuses the password, one lets in."""

    async def open(self, host: str, port: int, seconds: float) -> Any:
        if port == 1:
            raise ConnectionRefusedError
        if port == 2:
            raise SaslAuthenticationFailed("no")
        return Lets()


class Lets:
    async def send(self, request: Any) -> Any:
        return self

    async def close(self) -> None:
        """There is no connection."""


async def test_a_refusal_weighs_more_than_a_broker_that_is_away():
    both = Cluster(("127.0.0.1:1", "127.0.0.1:2"), SCRAM.security)
    assert "refuses the user 'alice'" in str(await refusal(both, KafkaConnectionError("unable to bootstrap")))
    away = Cluster(("127.0.0.1:1",), SCRAM.security)
    assert isinstance(await refusal(away, KafkaConnectionError("unable to bootstrap")), BrokerUnavailableError)


async def test_what_has_mended_itself_meanwhile_is_tried_again():
    found = await refusal(Cluster(("127.0.0.1:3",)), KafkaConnectionError("unable to bootstrap"))
    assert isinstance(found, BrokerUnavailableError)
    assert "try again" in str(found)


async def test_the_brokers_that_a_cluster_advertises_are_asked_when_they_are_what_cannot_be_reached():
    found = await refusal(Cluster(("127.0.0.1:3",), SCRAM.security), KafkaConnectionError("not ready"), [("node", 2)])
    assert "the Kafka broker at node:2 refuses" in str(found)
