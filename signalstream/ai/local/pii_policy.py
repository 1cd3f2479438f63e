"""What a tenant asks of the search for personal data: how sure a finding must be, and what is no secret.

A JSON file, named by SIGNALSTREAM_PII_POLICY_FILE, for everyone and for single tenants:

    {"default": {"thresholds": {"name": 0.3}},
     "tenants": {"acme": {"thresholds": {"name": 0.5},
                          "allow": {"email": ["@acme.example"], "url": ["acme.example"], "phone": ["+12065550100"]}}}}

A threshold is the least confidence that a finding of a type needs. An allowed value is left in the text: compared
without regard to case, spaces and, in numbers, marks. "@acme.example" allows every e-mail address of that domain, and
for a URL a host allows itself and what is below it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator

from signalstream.ai.local.pii_types import TYPES
from signalstream.core.placeholders import compared, label_of
from signalstream.core.redaction import Span
from signalstream.errors import ConfigurationError
from signalstream.models.base import Model
from signalstream.models.messages import TenantId

Confidence = Annotated[float, Field(ge=0, le=1)]


class Policy(Model):
    """The wishes of one tenant, or of everyone: type of personal data to least confidence, and to allowed values."""

    thresholds: dict[str, Confidence] = Field(default_factory=dict)
    allow: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @field_validator("thresholds", "allow")
    @classmethod
    def _known_types(cls, value: dict[str, Any]) -> dict[str, Any]:
        for kind in value:
            if kind not in TYPES:
                raise ValueError(f"there is no type {kind!r}; known: {', '.join(TYPES)}")
        return value

    def admits(self, span: Span, value: str) -> bool:
        """Say whether a finding counts: it is sure enough, and its value is not allowed to stay."""
        sure = span.confidence >= self.thresholds.get(span.kind, 0.0)
        return sure and not any(_is_allowed(span.kind, value, entry) for entry in self.allow.get(span.kind, ()))


class _File(Model):
    default: Policy = Field(default_factory=Policy)
    tenants: dict[TenantId, Policy] = Field(default_factory=dict)


@dataclass(frozen=True)
class Policies:
    """The policy of each tenant; one that is not named has the default."""

    default: Policy = field(default_factory=Policy)
    tenants: Mapping[str, Policy] = field(default_factory=dict)

    def of(self, tenant_id: str) -> Policy:
        """Return the policy of a tenant."""
        return self.tenants.get(tenant_id, self.default)


def load_policies(path: Path | None) -> Policies:
    """Read the file; without one nothing is asked. Raises ConfigurationError that says what is wrong, and where."""
    if path is None:
        return Policies()
    try:
        read = _File.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"SIGNALSTREAM_PII_POLICY_FILE: cannot use {path}: {_what_is_wrong(error)}") from error
    return Policies(read.default, {tenant: _over(read.default, own) for tenant, own in read.tenants.items()})


def _what_is_wrong(error: Exception) -> str:
    if isinstance(error, ValidationError):
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        return f"{place}: {problem['msg'].removeprefix('Value error, ')}"
    return str(error)


def _over(default: Policy, own: Policy) -> Policy:
    """Return a tenant's policy: its thresholds before the default's, its allowed values besides."""
    allow = {kind: (*default.allow.get(kind, ()), *own.allow.get(kind, ())) for kind in {*default.allow, *own.allow}}
    return Policy(thresholds={**default.thresholds, **own.thresholds}, allow=allow)


def _is_allowed(kind: str, value: str, entry: str) -> bool:
    if kind == "email" and entry.startswith("@"):
        return value.casefold().endswith(entry.casefold())
    if kind == "url":
        host = (urlsplit(value if "://" in value else f"https://{value}").hostname or "").casefold()
        return host == entry.casefold() or host.endswith(f".{entry.casefold()}")
    return compared(label_of(kind), value) == compared(label_of(kind), entry)
