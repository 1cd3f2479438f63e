"""What a command does goes into the audit log first: what cannot be noted there is not done."""

from __future__ import annotations

from signalstream.auditing import opened_audit
from signalstream.core.audit import Action, AuditEvent
from signalstream.settings import Settings

ACTOR = "cli"


def act(action: Action, tenant: str, subject: str, **detail: str | int | bool) -> AuditEvent:
    """Return what an operator does at the command line."""
    return AuditEvent(action, tenant, ACTOR, subject, detail)


async def note(settings: Settings, *events: AuditEvent) -> None:
    """Return once the audit log has the events. Raises BrokerUnavailableError, ConfigurationError: then do nothing."""
    async with opened_audit(settings) as audit:
        for event in events:
            await audit.record(event)
