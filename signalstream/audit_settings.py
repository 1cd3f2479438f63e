"""The knobs of the audit log. ``Settings`` has them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class AuditSettings(BaseSettings):
    """What the audit log is signed with, and how often something is noted."""

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
