"""Every knob: its unit, its default, its environment name (prefix ``SIGNALSTREAM_``), read from ``.env`` too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from signalstream.audit_settings import AuditSettings
from signalstream.errors import ConfigurationError
from signalstream.models.agents import AI_AGENTS
from signalstream.models.base import TENANT_PATTERN
from signalstream.remote_settings import RemoteSettings
from signalstream.security_settings import SecuritySettings

ROLES = ("core", *AI_AGENTS)
DEFAULT_LANGUAGES = ("ar", "de", "en", "es", "fr", "hi", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "zh")
PREFIX = "SIGNALSTREAM_"
_DURATION = Field(gt=0)


def _words(value: object) -> object:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


class Settings(RemoteSettings, AuditSettings, SecuritySettings):
    """The effective settings of a process. Durations say their unit in the name."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    kafka_brokers: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("127.0.0.1:9092",), description="Brokers to start from, host:port, separated by commas."
    )
    host: str = Field(default="127.0.0.1", description="Address that the HTTP and WebSocket server listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port of the HTTP and WebSocket server.")
    advertised_url: str | None = Field(
        default=None, description="URL by which other workers reach this one; default http://HOST:PORT."
    )
    data_dir: Path = Field(default=Path("data"), description="Directory of the tables, one for each worker.")
    low_disk_megabytes: int = Field(
        default=500, ge=0, description="Free space of the data directory below which /health is degraded, in MB."
    )
    roles: Annotated[tuple[str, ...], NoDecode] = Field(
        default=ROLES, description=f"Which parts run in this process: {', '.join(ROLES)}; or all."
    )
    analyst: str = Field(
        default="auto",
        pattern=r"^[a-z][a-z0-9_.-]*(:[A-Za-z_][A-Za-z0-9_]*)?$",
        description="Who analyses: auto, local, gemini, an installed analyst, or package.module:factory.",
    )
    pii_policy_file: Path | None = Field(
        default=None, description="JSON file of thresholds and allowed values for personal data (docs/PII.md)."
    )
    taxonomy_file: Path | None = Field(
        default=None, description="JSON file of tenants' own intents with sample sentences (docs/SETUP.md)."
    )
    languages: Annotated[tuple[str, ...], NoDecode] = Field(
        default=DEFAULT_LANGUAGES, description="Languages that messages are written in, ISO 639-1 codes."
    )
    default_tenant: str | None = Field(
        default=None, description="Tenant of a request that names none; demo-tenant in `signalstream dev`."
    )
    auth: Literal["required", "off"] = Field(default="required", description="Whether a credential is needed.")
    encryption: Literal["required", "migrate", "off"] = Field(
        default="required",
        description="Whether values are encrypted; migrate also reads what was written before they were.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="Least level logged.")
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="How log lines look; auto is console on a terminal, else json."
    )

    app_id: str = Field(
        default="signalstream", pattern=r"^[a-z][a-z0-9-]{0,40}$", description="Prefix of consumer groups, changelogs."
    )
    app_version: int = Field(
        default=1, ge=1, le=999, description="Which build of the tables serves; `signalstream rebuild` makes the next."
    )
    topic_prefix: str = Field(
        default="support", pattern=r"^[a-z][a-z0-9.-]{0,60}$", description="What the topics' names begin with."
    )
    partitions: int = Field(default=8, ge=1, le=512, description="Partitions of every topic and changelog.")
    replication_factor: int = Field(default=1, ge=1, le=7, description="Copies of every partition in the cluster.")
    topic_creation: Literal["create", "verify"] = Field(
        default="create", description="Whether a worker creates topics that are missing, or refuses to start."
    )

    broker_wait_seconds: float = Field(
        default=30.0, ge=0, le=600, description="How long a starting worker waits for a broker, in seconds."
    )
    session_timeout_seconds: float = Field(
        default=10.0, ge=6, le=300, description="Silence after which the broker takes a worker for dead, in seconds."
    )
    rebalance_timeout_seconds: float = Field(
        default=60.0, ge=10, le=600, description="Longest hand-over of partitions, in seconds."
    )
    fetch_wait_seconds: float = Field(
        default=0.5, ge=0.01, le=10, description="How long the broker may hold an empty fetch, in seconds."
    )
    linger_seconds: float = Field(
        default=0.0, ge=0, le=1, description="How long an agent's output waits for company on its way, in seconds."
    )
    commit_interval_seconds: float = Field(default=2.5, ge=0.1, le=60, description="Between commits, in seconds.")
    produce_timeout_seconds: float = Field(
        default=5.0, ge=0.2, le=120, description="Longest wait for the broker's acknowledgement of a POST, in seconds."
    )
    stall_seconds: float = Field(
        default=300.0,
        ge=1,
        description="Standing still with records waiting or a join to make, after which /live fails, in seconds.",
    )
    stream_buffer_messages: int = Field(default=128, ge=16, le=4096, description="Records buffered per partition.")
    fast_paths: bool = Field(
        default=True,
        description="Whether records take short ways around Faust's own. Off is slower, and for finding faults.",
    )
    analysis_deadline_seconds: float = Field(
        default=30.0, ge=0.1, le=600, description="Total time for one analysis with its retries, in seconds."
    )
    analyses_in_flight: int = Field(default=64, ge=1, le=1024, description="Analyses at once, for each AI agent.")
    analyses_read_ahead: int = Field(
        default=1_024,
        ge=1,
        le=16_384,
        description="Turns that each AI agent reads ahead; among these, tenants take turns in being analysed.",
    )
    records_in_flight: int = Field(
        default=64, ge=1, le=1024, description="Records at once, for the conversation and aggregation agents."
    )
    processing_attempts: int = Field(
        default=3, ge=1, le=20, description="Attempts at a record before it becomes a dead letter."
    )
    dead_letter_limit: int = Field(
        default=10, ge=0, le=1_000_000, description="Dead letters of a worker in the span, above which it is degraded."
    )
    dead_letter_span_seconds: float = Field(
        default=300.0, ge=1, le=86_400, description="Span over which a worker counts its dead letters, in seconds."
    )
    static_membership_id: str | None = Field(
        default=None, description="Stable member id: a worker that comes back soon causes no rebalance."
    )
    standby_replicas: int = Field(default=0, ge=0, le=5, description="Warm copies of each table partition.")

    context_messages: int = Field(default=20, ge=0, le=100, description="Messages of context that a turn carries.")
    context_characters: int = Field(default=8_000, ge=0, le=50_000, description="Characters of context in a turn.")
    kept_messages: int = Field(default=50, ge=1, le=500, description="Messages that a conversation's row keeps.")
    kept_characters: int = Field(default=60_000, ge=1_000, le=100_000, description="Characters that a row keeps.")

    window_seconds: int = Field(default=300, ge=1, le=86_400, description="Length of a timeline window, in seconds.")
    window_grace_seconds: int = Field(
        default=60, ge=0, le=86_400, description="How long after its end a window waits for late analyses, in seconds."
    )
    window_retention_seconds: int = Field(
        default=604_800, ge=60, description="How long a closed window is kept, in seconds."
    )
    window_sweep_seconds: float = Field(default=5.0, ge=0.2, le=600, description="Between looks for due windows.")
    windows_per_conversation: int = Field(default=288, ge=2, le=2_000, description="Windows kept per conversation.")

    live_conversations: int = Field(
        default=5_000, ge=10, description="Conversations that a web process keeps for lists and new sockets."
    )
    websocket_ping_seconds: float = Field(default=25.0, ge=0.2, le=300, description="Between protocol pings.")
    max_body_bytes: int = Field(default=65_536, ge=1_024, le=524_288, description="Largest request body.")
    forward_timeout_seconds: float = Field(
        default=3.0, ge=0.1, le=60, description="Longest wait for the worker that owns a conversation, in seconds."
    )

    @field_validator("kafka_brokers", "roles", "languages", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return _words(value)

    @field_validator("kafka_brokers")
    @classmethod
    def _host_port(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for broker in value:
            host, _, port = broker.rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65_536:
                raise ValueError(f"{broker!r} is not host:port")
        if not value:
            raise ValueError("names no broker")
        return value

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value == ("all",):
            return ROLES
        unknown = [role for role in value if role not in ROLES]
        if unknown or not value:
            raise ValueError(f"{', '.join(unknown) or 'an empty list'} is no role; known: {', '.join(ROLES)}, all")
        return tuple(role for role in ROLES if role in value)

    @field_validator("languages")
    @classmethod
    def _codes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [code for code in value if not re.fullmatch("[a-z]{2}", code)]
        if wrong or not value:
            raise ValueError(f"{', '.join(wrong) or 'an empty list'} is no language; codes have two letters, as in en")
        return tuple(dict.fromkeys(value))

    @field_validator("default_tenant")
    @classmethod
    def _tenant(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(TENANT_PATTERN, value):
            raise ValueError(f"{value!r} is no tenant id (a-z, 0-9, _ and -, at most 63)")
        return value

    @field_validator("analysis_deadline_seconds")
    @classmethod
    def _ends_before_a_hand_over(cls, value: float, info: ValidationInfo) -> float:
        longest = info.data.get("rebalance_timeout_seconds")
        if longest is not None and value >= longest:
            raise ValueError(f"must be below {PREFIX}REBALANCE_TIMEOUT_SECONDS ({longest:g}): a hand-over waits for it")
        return value

    @field_validator("encryption")
    @classmethod
    def _seals_originals(cls, value: str, info: ValidationInfo) -> str:
        if value == "off" and info.data.get("originals") == "redacted_and_sealed_original":
            raise ValueError(f"{PREFIX}ORIGINALS=redacted_and_sealed_original keeps originals encrypted only")
        return value

    def core_id(self) -> str:
        """Return the id of the app that has the tables: its group, and the beginning of its changelogs' names."""
        return self.app_id if self.app_version == 1 else f"{self.app_id}-v{self.app_version}"

    def url(self) -> str:
        """Return the URL by which peers reach this process."""
        return self.advertised_url or f"http://{self.host}:{self.port}"


def fields() -> list[str]:
    """Return every setting in the order to read them in: those of security, audit and a remote analyst last."""
    groups = (SecuritySettings.model_fields, AuditSettings.model_fields, RemoteSettings.model_fields)
    return sorted(Settings.model_fields, key=lambda field: [field in group for group in reversed(groups)])


def environment_name(field: str) -> str:
    """Return the environment variable of a setting."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else PREFIX + field.upper()


def is_secret(field: str) -> bool:
    """Say whether a setting's value must not be shown."""
    known = Settings.model_fields.get(field)
    return known is not None and SecretStr in (known.annotation, *get_args(known.annotation))


def load_settings(**overrides: object) -> Settings:
    """Read the environment and ``.env``. Raises ConfigurationError that names each wrong variable."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic-settings takes any field as a keyword
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            field = str(problem["loc"][0]) if problem["loc"] else ""
            name = environment_name(field) if field in Settings.model_fields else field
            got = "" if is_secret(field) else f" (got {problem['input']!r})"
            lines.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}{got}")
        raise ConfigurationError("wrong settings: " + "; ".join(lines)) from error


def masked(settings: Settings) -> dict[str, str]:
    """Return environment name -> value as text, secrets as ``********``."""
    shown = {}
    for field in fields():
        value = getattr(settings, field)
        if isinstance(value, SecretStr):
            text = "********"
        elif isinstance(value, tuple):
            text = ",".join(value)
        else:
            text = "" if value is None else str(value)
        shown[environment_name(field)] = text
    return shown
