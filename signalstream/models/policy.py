"""A tenant's own decisions. Rows of ``security.policies``; what a tenant leaves open is the settings' say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from signalstream.models.base import TENANT_PATTERN, Versioned

Originals = Literal["redacted_only", "redacted_and_sealed_original"]
DetectorFailure = Literal["block", "pass"]


_Days = Annotated[int, Field(ge=1, le=36_500)]


class TenantPolicy(Versioned):
    """A tenant's own decisions; None is the deployment's."""

    tenant_id: Annotated[str, StringConstraints(pattern=TENANT_PATTERN)]
    originals: Originals | None = None
    detector_failure: DetectorFailure | None = None
    requests_per_minute: int | None = Field(default=None, ge=0)
    requests_burst: int | None = Field(default=None, ge=1)
    messages_per_minute: int | None = Field(default=None, ge=0)
    messages_burst: int | None = Field(default=None, ge=1)
    websockets: int | None = Field(default=None, ge=0)
    max_body_bytes: int | None = Field(default=None, ge=1_024)
    retention_messages_days: _Days | None = None
    retention_insights_days: _Days | None = None
    retention_windows_days: _Days | None = None
    retention_dead_letters_days: _Days | None = None
