"""The knobs of security: who may come in, from where, and what is shown to whom. ``Settings`` has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from signalstream.limit_settings import LimitSettings
from signalstream.models.base import TENANT_PATTERN
from signalstream.models.policy import DetectorFailure, Originals

ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?")


class SecuritySettings(LimitSettings):
    """What is said about credentials, browsers and what is kept."""

    master_keys: SecretStr | None = Field(
        default=None,
        description="Keys that wrap the tenants' keys, separated by commas: the first wraps, all of them open.",
    )
    master_key_file: Path | None = Field(
        default=None, description="File with a master key in each line, instead of the setting; it is read anew."
    )

    originals: Originals = Field(
        default="redacted_only",
        description="Whether what was written is kept, encrypted, beside the redacted message; tenants may differ.",
    )
    detector_failure: DetectorFailure = Field(
        default="block",
        description="What becomes of a message that cannot be searched for personal data; tenants may differ.",
    )
    redaction_seconds: float = Field(
        default=2.0, ge=0.05, le=60, description="Longest search of a message for personal data, in seconds."
    )

    auth_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Secret that API keys are hashed with, at least 32 characters: the same for all workers.",
    )
    auth_secret_file: Path | None = Field(
        default=None, description="File that holds the secret that API keys are hashed with, instead of the setting."
    )

    jwt_issuer: str | None = Field(
        default=None,
        min_length=1,
        description="Who makes the tokens (JWT) that are accepted, as their iss says it; none: API keys only.",
    )
    jwt_audience: str | None = Field(
        default=None, min_length=1, description="Whom tokens must be made for: what their aud names."
    )
    jwt_keys_url: str | None = Field(
        default=None,
        pattern=r"^(https://[^\s/]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(/\S*)?$",
        description="Where the issuer publishes its keys (JWKS): https, or http on this machine.",
    )
    jwt_keys_file: Path | None = Field(
        default=None, description="File with the issuer's keys (JWKS), instead of an address; it is read anew."
    )
    jwt_tenant_claim: str = Field(
        default="tenant_id", min_length=1, description="Claim that names the tenant; dots lead into objects."
    )
    jwt_scope_claim: str = Field(
        default="scope", min_length=1, description="Claim that lists the scopes, as text or array; dots as above."
    )
    jwt_leeway_seconds: float = Field(
        default=30.0, ge=0, le=300, description="How far clocks may be apart where a token's times are checked."
    )
    jwt_keys_refresh_seconds: float = Field(
        default=600.0, ge=1, le=86_400, description="Age at which the issuer's keys are fetched anew, in seconds."
    )
    jwt_keys_retry_seconds: float = Field(
        default=30.0, ge=0.1, le=3_600, description="Least time between two fetches of the issuer's keys, in seconds."
    )
    jwt_keys_outage_seconds: float = Field(
        default=21_600.0,
        ge=0,
        le=604_800,
        description="How much longer the last keys are believed while the issuer does not answer, in seconds.",
    )

    credentials_stale_seconds: float = Field(
        default=60.0,
        ge=5,
        le=3_600,
        description="Silence of the broker after which no API key is believed, because one may be revoked, in seconds.",
    )
    websocket_authentication_seconds: float = Field(
        default=5.0, ge=0.1, le=60, description="How long a WebSocket without a header may take to authenticate."
    )
    request_head_seconds: float = Field(
        default=10.0, ge=0.1, le=300, description="How long the head of a request may take to arrive, in seconds."
    )
    request_body_seconds: float = Field(
        default=20.0, ge=0.1, le=300, description="How long the body of a request may take to arrive, in seconds."
    )
    answer_unread_seconds: float = Field(
        default=30.0, ge=0.1, le=600, description="How long a client may leave unread what it is sent, in seconds."
    )
    max_connections: int = Field(
        default=4_096, ge=64, le=100_000, description="Connections at once, WebSockets included; more are turned away."
    )

    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Origins whose pages may use the API, as https://desk.example, separated by commas."
    )
    api_docs: Literal["on", "off"] = Field(default="on", description="Whether /docs and /openapi.json are served.")
    health_details: Literal["admin", "everyone"] = Field(
        default="admin",
        description="Who sees the parts in /health, /ready and /live: holders of the scope admin, or everyone.",
    )
    metrics: Literal["on", "off"] = Field(
        default="on", description="Whether what a worker does is counted, and /metrics served."
    )
    metrics_readers: Literal["admin", "everyone"] = Field(
        default="admin", description="Who reads /metrics: holders of the scope admin, or everyone."
    )
    metrics_tenants: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Tenants that metrics may name, separated by commas; all others are summed."
    )

    @field_validator("cors_origins", "metrics_tenants", mode="before")
    @classmethod
    def _split_words(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("metrics_tenants")
    @classmethod
    def _each_a_tenant(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [tenant for tenant in value if not re.fullmatch(TENANT_PATTERN, tenant)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no tenant id (a-z, 0-9, _ and -, at most 63)")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _each_an_origin(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [origin for origin in value if not ORIGIN.fullmatch(origin)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no origin: scheme and host in small letters, as https://desk.example")
        return value
