"""The knobs of security: who may come in, from where, and what is shown to whom. ``Settings`` has them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from signalstream.kafka_settings import KafkaSettings


class SecuritySettings(KafkaSettings):
    """What is said about credentials, browsers and what is kept."""

    auth_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Secret that API keys are hashed with, at least 32 characters: the same for all workers.",
    )
    auth_secret_file: Path | None = Field(
        default=None, description="File that holds the secret that API keys are hashed with, instead of the setting."
    )
