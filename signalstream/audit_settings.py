"""The knobs of the audit log, and of how long what is kept stays. ``Settings`` has them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class AuditSettings(BaseSettings):
    """What the audit log is signed with, how often something is noted, and when what is kept goes."""

    audit_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Secret that the audit log is signed with, at least 32 characters; none: the one of API keys.",
    )
    audit_secret_file: Path | None = Field(
        default=None, description="File with the audit log's secrets, one in each line: the first signs, all check."
    )
    audit_checkpoint_seconds: float = Field(
        default=3_600.0, ge=1, le=86_400, description="How often a worker notes in the audit log that it was whole."
    )
    audit_key_use_seconds: float = Field(
        default=3_600.0, ge=1, le=86_400, description="Span in which a key's uses are one event of the audit log."
    )

    retention_messages_days: int | None = Field(
        default=None, ge=1, le=36_500, description="Silence after which a conversation is erased, in days; none: never."
    )
    retention_insights_days: int | None = Field(
        default=None, ge=1, le=36_500, description="The same for its insight: the conversation goes with the shorter."
    )
    retention_windows_days: int | None = Field(
        default=None,
        ge=1,
        le=36_500,
        description="How long a closed window is kept, in days, where that is less than WINDOW_RETENTION_SECONDS.",
    )
    retention_dead_letters_days: int | None = Field(
        default=None, ge=1, le=36_500, description="Age at which `retention sweep` purges a dead letter, in days."
    )
    retention_sweep_seconds: float = Field(
        default=3_600.0, ge=1, le=86_400, description="Between looks of a worker for what has been kept long enough."
    )
    erased_files_seconds: float = Field(
        default=60.0,
        ge=0.2,
        le=86_400,
        description="How often a worker rewrites files of its tables that erased conversations were in, at most.",
    )
