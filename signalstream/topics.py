"""The one table of topics: name, key, model, retention, who writes and who reads.

Faust declares none of them. The preflight creates what is missing and compares what exists before any consumer
joins, because Faust takes a topic with another partition count in silence and then loses the first writes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from signalstream.models.agents import AI_AGENTS
from signalstream.settings import Settings

DAY_MS = 86_400_000
KEY = "tenant_id/conversation_id"
TABLES = ("conversations", "insights", "windows", "erasures")
SEGMENT_MS = DAY_MS  # a broker removes records by their age in whole segments: this is how much later than promised
COMPACTION_LAG_MS = DAY_MS  # after which a broker takes a replaced row off its disks, however few rows there are
COMMANDS_AUDITED = (
    "signalstream keys",
    "signalstream vault",
    "signalstream policies",
    "signalstream dlq",
    "signalstream retention",
    "signalstream erase",
)
RETENTION = ("retention sweep", "signalstream retention")
SOON_COMPACTED = (("segment.ms", "1000"), ("min.cleanable.dirty.ratio", "0.01"), ("file.delete.delay.ms", "1000"))
"""What replaced a record takes it off the broker's disks with the cleaner's next round, not some day."""


@dataclass(frozen=True)
class TopicSpec:
    """A topic. ``retention_ms`` is None for compacted topics, which keep the newest record of each key.

    One clock, the broker's, dates what several workers write; a letter that a purge moves keeps the date it had.
    """

    name: str
    model: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    retention_ms: int | None = 7 * DAY_MS
    key: str = KEY
    dated_by_broker: bool = True
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def cleanup_policy(self) -> str:
        """Return Kafka's cleanup.policy."""
        return "compact" if self.retention_ms is None else "delete"

    def config(self) -> dict[str, str]:
        """Return the topic-level configuration that the preflight sets and compares."""
        config = {"cleanup.policy": self.cleanup_policy, **dict(self.extra)}
        if self.retention_ms is not None:
            config["retention.ms"] = str(self.retention_ms)
            config["segment.ms"] = str(min(SEGMENT_MS, self.retention_ms))
            config["message.timestamp.type"] = "LogAppendTime" if self.dated_by_broker else "CreateTime"
        return config


# A request to erase lies among the messages (EraseConversation, told by its header): its place says what was before it.
RAW = TopicSpec("messages.raw", "Message", ("web", *RETENTION, "signalstream erase"), ("conversation",))
TURNS = TopicSpec("conversations.state", "Turn", ("conversation",), AI_AGENTS)
AI_TOPICS = tuple(TopicSpec(f"ai.{agent}", "Analysis", (agent,), ("aggregation",)) for agent in AI_AGENTS)
AGGREGATED = TopicSpec("ai.aggregated", "Update", ("aggregation",), ("live view",))
DLQ = TopicSpec(
    "dlq",
    "DeadLetter",
    ("conversation", *AI_AGENTS, "aggregation"),
    ("signalstream dlq",),
    retention_ms=30 * DAY_MS,
    dated_by_broker=False,
)
WINDOW_COMMANDS = TopicSpec(
    "windows.commands", "WindowCommand", ("window sweep", *RETENTION), ("aggregation",), retention_ms=DAY_MS
)
CONVERSATION_COMMANDS = TopicSpec(
    "conversations.commands", "ErasureCommand", ("conversation", "erasure sweep"), ("aggregation",)
)

KEYS = TopicSpec(
    "security.keys",
    "ApiKeyRecord",
    ("signalstream keys", "admission"),
    ("admission", "signalstream keys"),
    retention_ms=None,
    key="key/key_id, use/key_id",
)

VAULT = TopicSpec(
    "security.vault",
    "TenantKeyRecord",
    ("conversation", *AI_AGENTS, "aggregation", "web", "signalstream vault"),
    ("conversation", *AI_AGENTS, "aggregation", "web", "signalstream vault"),
    retention_ms=None,
    key="key/tenant_id/key_id, gone/tenant_id",
    extra=SOON_COMPACTED,
)

POLICIES = TopicSpec(
    "security.policies",
    "TenantPolicy",
    ("signalstream policies",),
    ("policies", "signalstream policies"),
    retention_ms=None,
    key="tenant_id",
)

AUDIT = TopicSpec(
    "security.audit",
    "SignedEntry",
    ("audit trail", *COMMANDS_AUDITED),
    ("audit trail", *COMMANDS_AUDITED, "signalstream audit"),
    retention_ms=365 * DAY_MS,
    key="one for all: the log is in partition 0",
)

TOPICS = (RAW, TURNS, *AI_TOPICS, AGGREGATED, DLQ, WINDOW_COMMANDS, CONVERSATION_COMMANDS, KEYS, VAULT, POLICIES, AUDIT)


def longest_kept(spec: TopicSpec) -> timedelta:
    """Return how long a broker may keep a record of a topic at most; of a compacted one, a record that was replaced."""
    if spec.retention_ms is None:
        return timedelta(milliseconds=2 * COMPACTION_LAG_MS)  # the cleaner takes what is older, in its next rounds
    return timedelta(milliseconds=spec.retention_ms + SEGMENT_MS)


def erased_topics(settings: Settings) -> tuple[TopicSpec, ...]:
    """Return the topics that hold something of a conversation when it is erased."""
    return tuple(spec for spec in all_topics(settings) if spec.key == KEY)


def keep_marks(settings: Settings) -> timedelta:
    """Return how long an erasure must be remembered: until no topic holds anything from before it."""
    return max(longest_kept(spec) for spec in erased_topics(settings))


def topic_name(spec: TopicSpec, settings: Settings) -> str:
    """Return the topic's full name, as in ``support.messages.raw``."""
    return f"{settings.topic_prefix}.{spec.name}"


def changelog_name(table: str, settings: Settings) -> str:
    """Return the name that Faust gives to a table's changelog topic."""
    return f"{settings.core_id()}-{table}-changelog"


def all_topics(settings: Settings) -> tuple[TopicSpec, ...]:
    """Return every topic with its full name, changelogs included."""
    named = tuple(replace(spec, name=topic_name(spec, settings)) for spec in TOPICS)
    changelogs = tuple(
        TopicSpec(
            changelog_name(table, settings),
            f"row of {table}",
            ("core",),
            ("core",),
            retention_ms=None,
            extra=(("max.compaction.lag.ms", str(COMPACTION_LAG_MS)),),
        )
        for table in TABLES
    )
    return named + changelogs
