"""Reading an original: found by the row, audited first, and nothing given out when any of it fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from signalstream.core.audit import AuditEvent
from signalstream.core.conversation import Bounds, join
from signalstream.core.deadlines import Deadlines
from signalstream.core.keys import ConversationKey
from signalstream.core.merging import InsightState
from signalstream.core.policies import OnePolicy
from signalstream.core.tags import KeyedTagger
from signalstream.errors import BrokerUnavailableError
from signalstream.models.conversation import ConversationState
from signalstream.models.erasure import ErasureMark
from signalstream.models.messages import Message
from signalstream.models.policy import TenantPolicy
from signalstream.originals import SealedOriginals
from signalstream.security.redacting import Redactor
from signalstream.security.vault import Vault
from signalstream.streaming.values import encode
from signalstream.tables.reader import TableReader
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import WindowTable
from tests.core.analyses import BEGIN, found, message, message_id, nothing_found
from tests.fakes import FakeAuditTrail
from tests.security.vaults import VaultTopic
from tests.streaming.events import event

KEY = ConversationKey("acme", "c-1")
BOUNDS = Bounds(kept_messages=3, kept_characters=60_000, context_messages=20, context_characters=8_000)
KEEPS = OnePolicy(TenantPolicy(tenant_id="x", originals="redacted_and_sealed_original", detector_failure="block"))


@dataclass
class RawTopic:
    """Sealed records by offset."""

    vault: Vault
    records: dict[int, Any] = field(default_factory=dict)

    def append(self, one: Message) -> int:
        offset = len(self.records)
        sealed = self.vault.seal("raw", KEY.encode(), encode(one))
        self.records[offset] = event(sealed, key=KEY.encode(), topic="raw", offset=offset).message
        return offset

    async def read(self, key: bytes, offset: int) -> Any | None:
        return self.records.get(offset)


@dataclass
class Deployment:
    """A vault, the raw topic, the row that the messages made, and who reads."""

    vault: Vault = field(default_factory=lambda: VaultTopic().vault())
    trail: FakeAuditTrail = field(default_factory=FakeAuditTrail)
    marks: dict[bytes, bytes] = field(default_factory=dict)
    state: ConversationState | None = None

    def __post_init__(self) -> None:
        self.raw = RawTopic(self.vault)
        find, tagger = found("a@b.example", "email"), KeyedTagger(self.vault.secret_of)
        self.redactor = Redactor(find, tagger, KEEPS, self.vault, 5.0)
        self.rows: dict[bytes, bytes] = {}

    async def post(self, one: Message) -> Message:
        kept = await self.redactor.redact(one)
        joined = join(self.state, kept, nothing_found, BOUNDS, offset=self.raw.append(kept))
        self.state = joined.state
        self.rows[KEY.encode()] = encode(joined.state)
        return joined.turn.message

    def originals(self) -> SealedOriginals:
        reader = TableReader(
            TypedTable(self.rows, ConversationState, "conversations"),
            TypedTable({}, InsightState, "insights"),
            WindowTable({}, Deadlines()),
            TypedTable(self.marks, ErasureMark, "erasures"),
            ("pii",),
            300,
        )
        return SealedOriginals(reader, self.raw, self.vault, self.trail)

    async def read(self, number: int = 1) -> Any:
        return await self.originals().read(KEY, message_id(number), "key-7")


async def test_a_reading_gives_what_was_written_and_is_audited_first() -> None:
    one = Deployment()
    turn = await one.post(message(1, "mail a@b.example"))
    original = await one.read()
    assert turn.text == "mail [EMAIL_1]"
    assert turn.original is None
    assert (original.message, original.values) == ("mail a@b.example", {"[EMAIL_1]": "a@b.example"})
    detail = {"message_id": str(message_id(1))}
    assert one.trail.events == [AuditEvent("original.read", "acme", "key-7", "c-1", detail)]


async def test_nothing_is_given_out_that_cannot_be_audited() -> None:
    one = Deployment(trail=FakeAuditTrail(error=BrokerUnavailableError("away")))
    await one.post(message(1, "mail a@b.example"))
    with pytest.raises(BrokerUnavailableError):
        await one.read()


async def test_what_is_unknown_or_gone_is_none_and_no_reading() -> None:
    one = Deployment()
    await one.post(message(1, "mail a@b.example"))
    assert await one.originals().read(KEY, UUID(int=5), "key-7") is None
    assert await one.originals().read(ConversationKey("other", "c-1"), message_id(1), "key-7") is None
    one.raw.records.clear()
    assert await one.read() is None
    assert one.trail.events == []


async def test_an_original_goes_with_its_conversation_and_with_its_message() -> None:
    erased = Deployment()
    await erased.post(message(1, "mail a@b.example"))
    erased.marks[KEY.encode()] = encode(ErasureMark(erased_at=BEGIN, generation=7, offset=0, forget_at=BEGIN))
    assert await erased.read() is None
    one = Deployment()
    for number in range(1, 6):
        await one.post(message(number, "mail a@b.example"))
    assert [await one.read(number) is not None for number in range(1, 6)] == [False, False, True, True, True]


async def test_a_record_of_another_message_at_that_place_is_not_given_out() -> None:
    one = Deployment()
    await one.post(message(1, "mail a@b.example"))
    await one.post(message(2, "mail a@b.example"))
    one.raw.records[0] = one.raw.records[1]
    assert await one.read() is None


async def test_another_tenants_message_with_the_same_id_is_not_given_out_from_the_place_of_ours() -> None:
    one, other = Deployment(), ConversationKey("other", "c-1")
    await one.post(message(1, "mail a@b.example"))
    await one.vault.prepare(other.encode())
    theirs = await one.redactor.redact(message(1, "mail a@b.example").model_copy(update={"tenant_id": "other"}))
    sealed = one.vault.seal("raw", other.encode(), encode(theirs))
    one.raw.records[0] = event(sealed, key=other.encode(), topic="raw", offset=0).message
    assert await one.read() is None
    assert one.trail.events == []
