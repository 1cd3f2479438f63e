"""Why a broker does not answer, does not let this client in, or does not let it do what it asked.

aiokafka writes the reason to its log and raises "unable to bootstrap" whatever it was: a wrong password looks like a
broker that is down, and is retried for ever. So after such an error each broker is asked once more, by a connection of
its own, and what that raises is judged.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator, Sequence

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.streaming.clients import Connection
from signalstream.streaming.tokens import TokenError

LOOK_SECONDS = 2.5
RIGHTS = "docs/SETUP.md, A secured Kafka, lists the rights of each role"
NAME_MISMATCHES = {62, 64}  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
EXPIRED = 10
DENIALS = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)
Refusal = ConfigurationError | BrokerUnavailableError
Place = tuple[str, int]


async def refusal(kafka: Connection, error: BaseException, places: Sequence[Place] = ()) -> Refusal:
    """Return what to raise instead of ``error``: what happened, to what, and what to do now.

    ``places`` are the brokers to ask, host and port; by default those of the settings. Takes 2.5 s at most.
    """
    if denied := next((each for each in causes(error) if isinstance(each, DENIALS)), None):
        return denial(kafka, denied)
    asked = places or [_place(broker) for broker in kafka.brokers]
    told = [each for each in await asyncio.gather(*(_look(kafka, *place) for place in asked)) if each is not None]
    final = [each for each in told if isinstance(each, ConfigurationError)]
    if told:
        return (final or told)[0]
    return BrokerUnavailableError(f"the Kafka broker at {kafka} did not answer ({type(error).__name__}); try again")


def denial(kafka: Connection, error: BaseException) -> ConfigurationError:
    """Return what an answer says that names a right which this client lacks."""
    kind = {TopicAuthorizationFailedError: "topic", GroupAuthorizationFailedError: "group"}.get(type(error), "cluster")
    named = error.args[0] if error.args else ""
    names = ", ".join(sorted(map(str, named))) if isinstance(named, set | frozenset | list | tuple) else str(named)
    what = f"the {kind} {names}".strip() if kind != "cluster" else "the cluster"
    return ConfigurationError(
        f"the Kafka broker at {kafka} does not let {kafka.whom} do this with {what}; grant the right ({RIGHTS})"
    )


def judged(kafka: Connection, place: str, error: BaseException) -> Refusal:
    """Return what an error of one connection means."""
    for each in causes(error):
        if (found := _of_tls(place, each) or _of_sasl(kafka, place, each)) is not None:
            return found
    protocol = kafka.security.get("security_protocol", "PLAINTEXT")
    if any(isinstance(each, EOFError | ConnectionResetError) for each in causes(error)):
        return BrokerUnavailableError(
            f"the Kafka broker at {place} closes the connection: it is starting or stopping, or this port does not "
            f"speak {protocol}; look at its listeners, SIGNALSTREAM_KAFKA_BROKERS and "
            "SIGNALSTREAM_KAFKA_SECURITY_PROTOCOL"
        )
    return BrokerUnavailableError(
        f"no Kafka broker answers at {place} ({type(error).__name__}); start one or set SIGNALSTREAM_KAFKA_BROKERS"
    )


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, what it was raised from, and so on."""
    while error is not None:
        yield error
        error = error.__cause__


async def _look(kafka: Connection, host: str, port: int) -> Refusal | None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            opened = await kafka.open(host, port, LOOK_SECONDS)
            try:
                answer = await opened.send(MetadataRequest([]))
            finally:
                await opened.close()
    except Exception as error:  # noqa: BLE001 - aiokafka's SASL raises ValueError and KeyError too
        return judged(kafka, f"{host}:{port}", error)
    if kafka.security.get("sasl_mechanism") == "OAUTHBEARER" and not answer.brokers:
        # aiokafka 0.14 takes a refused token for accepted, and what the broker then answers is empty.
        return judged(kafka, f"{host}:{port}", SaslAuthenticationFailed("the token was refused"))
    return None


def _of_tls(place: str, error: BaseException) -> Refusal | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        remedy = "set SIGNALSTREAM_KAFKA_CA_FILE to the authority that signed it"
        if error.verify_code in NAME_MISMATCHES:
            remedy = (
                "ask for it by a name that is in it (SIGNALSTREAM_KAFKA_BROKERS, the brokers' advertised.listeners)"
            )
        elif error.verify_code == EXPIRED:
            remedy = "renew it, or look at this machine's clock"
        return ConfigurationError(
            f"the certificate of the Kafka broker at {place} is not believed ({error.verify_message}); {remedy}"
        )
    if not isinstance(error, ssl.SSLError):
        return None
    reason = error.reason or "no reason given"
    if "ALERT" in reason:
        return ConfigurationError(
            f"the Kafka broker at {place} refuses this client's TLS ({reason}): it wants a certificate that its own "
            "authority signed; set SIGNALSTREAM_KAFKA_CERTIFICATE_FILE and SIGNALSTREAM_KAFKA_KEY_FILE"
        )
    return BrokerUnavailableError(
        f"no TLS is spoken at {place} ({reason}); look at the brokers' listeners, SIGNALSTREAM_KAFKA_BROKERS and "
        "SIGNALSTREAM_KAFKA_SECURITY_PROTOCOL"
    )


def _of_sasl(kafka: Connection, place: str, error: BaseException) -> Refusal | None:
    mechanism = kafka.security.get("sasl_mechanism")
    if isinstance(error, TokenError):
        return (ConfigurationError if error.final else BrokerUnavailableError)(str(error))
    if isinstance(error, UnsupportedSaslMechanismError):
        return ConfigurationError(
            f"the Kafka broker at {place} does not take {mechanism}; set SIGNALSTREAM_KAFKA_SASL_MECHANISM to one that "
            "its listener has enabled"
        )
    if isinstance(error, IllegalSaslStateError):
        return ConfigurationError(
            f"the Kafka broker at {place} wants no SASL on this port; look at its listeners, "
            "SIGNALSTREAM_KAFKA_BROKERS and SIGNALSTREAM_KAFKA_SECURITY_PROTOCOL"
        )
    if isinstance(error, SaslAuthenticationFailed):
        check = "where the token comes from (SIGNALSTREAM_KAFKA_TOKEN_…) and for whom it was made"
        if mechanism != "OAUTHBEARER":
            check = "SIGNALSTREAM_KAFKA_USERNAME, SIGNALSTREAM_KAFKA_PASSWORD or its file, and whether that user exists"
        return ConfigurationError(f"the Kafka broker at {place} refuses {kafka.whom} with {mechanism}; check {check}")
    if mechanism is not None and not isinstance(error, KafkaError | OSError | EOFError):
        return ConfigurationError(
            f"whoever answers at {place} cannot prove by {mechanism} that it knows {kafka.whom} ({error}); make sure "
            "that it is your Kafka broker"
        )
    return None


def _place(broker: str) -> Place:
    host, _, port = broker.rpartition(":")
    return host.strip("[]"), int(port)
