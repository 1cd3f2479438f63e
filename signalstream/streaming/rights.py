"""The rights (ACLs) that each role needs at the brokers, made of the table of topics, and which of them are missing.

Without a right Kafka hides a topic, as if it were not there, or refuses a record at a time when nobody looks. So a
worker asks before it joins a group, in one request each for topics and groups, and names all that is missing at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from signalstream.errors import ConfigurationError
from signalstream.models.agents import AI_AGENTS
from signalstream.settings import ROLES, Settings
from signalstream.streaming.allowed import UNTOLD, allowed_with_groups, allowed_with_topics
from signalstream.streaming.clients import connection
from signalstream.topics import KEYS, VAULT, all_topics, topic_name

CORE = "core"
CORE_PARTS = {
    CORE,
    "web",
    "conversation",
    "aggregation",
    "live view",
    "window sweep",
    "retention sweep",
    "erasure sweep",
}
EVERYWHERE = {"admission", "policies", "audit trail"}  # parts of every process
OPERATOR = "signalstream "  # how the parts begin that are commands
READ, WRITE, DESCRIBE, DESCRIBE_CONFIGS = "READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"
BITS = {READ: 3, WRITE: 4, DESCRIBE: 8, DESCRIBE_CONFIGS: 10}  # Kafka's AclOperation
_SWITCHES = {KEYS: "auth", VAULT: "encryption"}


@dataclass(frozen=True, order=True)
class Right:
    """To do ``operation`` with a ``topic`` or a ``group`` of a name."""

    kind: str
    operation: str
    name: str


def roles_of(part: str) -> tuple[str, ...]:
    """Return the roles in which a part of the table of topics runs; none for a command. Raises KeyError."""
    if part in AI_AGENTS:
        return (part,)
    if part.startswith(OPERATOR):
        return ()
    if part in EVERYWHERE:
        return ROLES
    if part in CORE_PARTS:
        return (CORE,)
    raise KeyError(f"{part} of the table of topics runs in no known role")


def rights_of(role: str, settings: Settings) -> tuple[Right, ...]:
    """Return what a worker with the role needs once all topics exist; less with authentication or encryption off."""
    group = settings.core_id() if role == CORE else f"{settings.app_id}-{role}"
    rights = [Right("group", READ, group)]
    unused = {topic_name(spec, settings) for spec, switch in _SWITCHES.items() if getattr(settings, switch) == "off"}
    for spec in all_topics(settings):
        rights += [Right("topic", operation, spec.name) for operation in (DESCRIBE, DESCRIBE_CONFIGS)]
        if spec.name in unused:
            continue
        rights += [Right("topic", READ, spec.name) for part in spec.readers if role in roles_of(part)]
        rights += [Right("topic", WRITE, spec.name) for part in spec.writers if role in roles_of(part)]
    return tuple(sorted(set(rights)))


async def missing_rights(admin: Any, settings: Settings) -> tuple[Right, ...]:
    """Return what the roles of the settings need and the broker does not allow. Raises KafkaError.

    Empty, too, for a broker that tells nothing about rights.
    """
    wanted = {right for role in ROLES if role in settings.roles for right in rights_of(role, settings)}
    allowed = await allowed_with_topics(admin, [spec.name for spec in all_topics(settings)])
    groups = {right.name for right in wanted if right.kind == "group"}
    held: dict[tuple[str, str], int] = {("topic", name): bits for name, bits in allowed.items()}
    held |= {("group", name): bits for name, bits in (await allowed_with_groups(admin, groups)).items()}
    return tuple(sorted(right for right in wanted if _lacks(held.get((right.kind, right.name), UNTOLD), right)))


def require(missing: Iterable[Right], settings: Settings) -> None:
    """Raise ConfigurationError that names every missing right, when there is one."""
    lacking = list(missing)
    if not lacking:
        return
    kafka = connection(settings)
    raise ConfigurationError(
        f"the Kafka broker at {kafka} does not let {kafka.whom} do what the roles {', '.join(settings.roles)} need. "
        f"Missing: {named(lacking)}. Nothing was started. Grant these rights, for instance with kafka-acls.sh "
        "(docs/SETUP.md, A secured Kafka, lists them for each role), then start it again"
    )


def named(rights: Iterable[Right]) -> str:
    """Return rights in few words: the names of one kind and operation together."""
    gathered: dict[tuple[str, str], list[str]] = {}
    for right in sorted(rights):
        gathered.setdefault((right.kind, right.operation), []).append(right.name)
    return "; ".join(
        f"{operation} on the {kind}{'s' if len(names) > 1 else ''} {', '.join(names)}"
        for (kind, operation), names in gathered.items()
    )


def _lacks(bits: int, right: Right) -> bool:
    return bits != UNTOLD and not bits >> BITS[right.operation] & 1
