"""How every client of this program reaches Kafka: one connection, made of the settings, and nobody opens one past it.

Faust's own consumers and producers get the same by ``faust_credentials``. A test looks for clients that are opened
elsewhere: such a one would speak in the clear where the settings say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import create_conn

from signalstream.errors import ConfigurationError
from signalstream.settings import Settings, environment_name
from signalstream.streaming.secrets import required_secret
from signalstream.streaming.tls import tls_context
from signalstream.streaming.tokens import token_source

OF_SASL = (
    "kafka_sasl_mechanism", "kafka_username", "kafka_password", "kafka_password_file", "kafka_token_file",
    "kafka_token_command", "kafka_token_url",
)  # fmt: skip
OF_TLS = ("kafka_ca_file", "kafka_certificate_file", "kafka_key_file", "kafka_key_password")


@dataclass(frozen=True)
class Connection:
    """Where the brokers are, and aiokafka's arguments about TLS and SASL, which hold secrets."""

    brokers: tuple[str, ...]
    security: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return ", ".join(self.brokers)

    @property
    def whom(self) -> str:
        """Say in a few words whom the brokers take this client for."""
        if "sasl_plain_username" in self.security:
            return f"the user {self.security['sasl_plain_username']!r}"
        return "the token's user" if "sasl_oauth_token_provider" in self.security else "this client"

    def consumer(self, **options: Any) -> Any:
        """Return an ``AIOKafkaConsumer`` that is not started yet."""
        return AIOKafkaConsumer(bootstrap_servers=list(self.brokers), **self.security, **options)

    def producer(self, **options: Any) -> Any:
        """Return an ``AIOKafkaProducer`` that is not started yet."""
        return AIOKafkaProducer(bootstrap_servers=list(self.brokers), **self.security, **options)

    def admin(self, **options: Any) -> Any:
        """Return an ``AIOKafkaAdminClient`` that is not started yet."""
        return AIOKafkaAdminClient(bootstrap_servers=list(self.brokers), **self.security, **options)

    async def open(self, host: str, port: int, seconds: float) -> Any:
        """Return one ``AIOKafkaConnection``, authenticated. Raises what went wrong, which clients keep to their log."""
        return await create_conn(host, port, request_timeout_ms=int(seconds * 1000), **self.security)

    def faust_credentials(self) -> Any:
        """Return the same for Faust's setting ``broker_credentials``; None for a plain connection."""
        if not self.security:
            return None
        context = self.security.get("ssl_context")
        mechanism = self.security.get("sasl_mechanism")
        if mechanism is None:
            return faust.SSLCredentials(context)
        if mechanism == "OAUTHBEARER":
            return faust.OAuthCredentials(
                oauth_cb=self.security["sasl_oauth_token_provider"], ssl_context=context
            )  # fmt: skip
        return faust.SASLCredentials(
            username=self.security["sasl_plain_username"],
            password=self.security["sasl_plain_password"],
            mechanism=mechanism,
            ssl_context=context,
        )


def connection(settings: Settings) -> Connection:
    """Return the connection that the settings describe; reads the files that they name.

    Raises ConfigurationError for settings that contradict each other, and for a file that does not hold what it should.
    """
    protocol = settings.kafka_security_protocol
    security: dict[str, Any] = {}
    if protocol.startswith("SASL"):
        security |= _sasl(settings)
    else:
        _refuse_unused(settings, OF_SASL)
    if protocol.endswith("SSL"):
        security["ssl_context"] = tls_context(settings)
    else:
        _refuse_unused(settings, OF_TLS)
    return Connection(settings.kafka_brokers, {"security_protocol": protocol, **security} if security else {})


def _sasl(settings: Settings) -> dict[str, Any]:
    mechanism = settings.kafka_sasl_mechanism
    if mechanism is None:
        raise ConfigurationError(
            f"SIGNALSTREAM_KAFKA_SECURITY_PROTOCOL={settings.kafka_security_protocol} needs "
            "SIGNALSTREAM_KAFKA_SASL_MECHANISM: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, whichever the "
            "brokers take"
        )
    if mechanism == "OAUTHBEARER":
        return {"sasl_mechanism": mechanism, "sasl_oauth_token_provider": token_source(settings)}
    if settings.kafka_username is None:
        raise ConfigurationError(f"SIGNALSTREAM_KAFKA_SASL_MECHANISM={mechanism} needs SIGNALSTREAM_KAFKA_USERNAME")
    password = required_secret(settings, "kafka_password", "kafka_password_file", f"the mechanism {mechanism}")
    return {
        "sasl_mechanism": mechanism,
        "sasl_plain_username": settings.kafka_username,
        "sasl_plain_password": password,
    }


def _refuse_unused(settings: Settings, names: tuple[str, ...]) -> None:
    unused = [environment_name(name) for name in names if getattr(settings, name) is not None]
    if unused:
        raise ConfigurationError(
            f"{', '.join(unused)} would not be used with SIGNALSTREAM_KAFKA_SECURITY_PROTOCOL="
            f"{settings.kafka_security_protocol}; set the protocol that the brokers speak, or unset these"
        )
