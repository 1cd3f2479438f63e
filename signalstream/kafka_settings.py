"""The knobs of the way to Kafka: encryption on it, and who a client says it is. ``SecuritySettings`` has them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class KafkaSettings(BaseSettings):
    """What is said about TLS and SASL towards the brokers; every client of a process uses the same."""

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="How brokers are spoken to: SSL encrypts, SASL says who this is."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = Field(
        default=None, description="How SASL proves who this is; needed with SASL_SSL and SASL_PLAINTEXT."
    )
    kafka_username: str | None = Field(
        default=None, min_length=1, description="Name at the brokers, for PLAIN and SCRAM."
    )
    kafka_password: SecretStr | None = Field(default=None, min_length=1, description="Password of that name.")
    kafka_password_file: Path | None = Field(
        default=None, description="File that holds the password, instead of the setting."
    )
    kafka_ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that signed the brokers' certificates; default: system's."
    )
    kafka_certificate_file: Path | None = Field(
        default=None, description="PEM file of this client's certificate (with its chain), when brokers want one."
    )
    kafka_key_file: Path | None = Field(
        default=None, description="PEM file of that certificate's key; default: it is in the certificate's file."
    )
    kafka_key_password: SecretStr | None = Field(default=None, description="Password of that key, when it has one.")
    kafka_check_hostname: bool = Field(
        default=True, description="Whether a broker's certificate must name the host that was asked for."
    )
    kafka_token_file: Path | None = Field(
        default=None, description="File that holds the token of OAUTHBEARER; it is read anew for each connection."
    )
    kafka_token_command: str | None = Field(
        default=None, min_length=1, description="Command that prints the token of OAUTHBEARER; no shell runs it."
    )
    kafka_token_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s]+$",
        description="Where OAUTHBEARER gets its token by client credentials (https, or http on loopback).",
    )
    kafka_token_client_id: str | None = Field(default=None, min_length=1, description="Client id at that place.")
    kafka_token_client_secret: SecretStr | None = Field(
        default=None, min_length=1, description="Client secret at that place."
    )
    kafka_token_client_secret_file: Path | None = Field(
        default=None, description="File that holds the client secret, instead of the setting."
    )
    kafka_token_scope: str | None = Field(default=None, description="Scope to ask for at that place.")
    kafka_token_ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that signed that place's certificate; default: system's."
    )
