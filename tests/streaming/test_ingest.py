from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, MessageSizeTooLargeError

from signalstream.core.keys import ConversationKey
from signalstream.errors import BrokerUnavailableError, KeyDestroyedError, RecordTooLargeError, RedactionError
from signalstream.models.messages import Message
from signalstream.streaming import ingest
from signalstream.streaming.clients import Connection
from signalstream.streaming.ingest import KafkaIngest
from signalstream.streaming.values import decode
from signalstream.web.problems import problem_of
from tests.core.analyses import message
from tests.security.vaults import VaultTopic

KEY = ConversationKey("acme", "c-1")
TAKEN_IN = 1_769_860_800_000  # epoch milliseconds


@dataclass
class FakeProducer:
    """A producer that keeps records, raises ``error``, or waits for ever."""

    error: BaseException | None = None
    waits: bool = False
    sent: list[tuple[str, bytes, bytes, list[tuple[str, bytes]]]] = field(default_factory=list)

    async def send_and_wait(self, topic: str, value: bytes, *, key: bytes, headers: list[tuple[str, bytes]]) -> Any:
        await self.answer()
        self.sent.append((topic, key, value, headers))
        return SimpleNamespace(timestamp=TAKEN_IN)

    async def answer(self) -> None:
        if self.waits:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error

    @property
    def client(self) -> Any:
        return SimpleNamespace(fetch_all_metadata=self.answer)


async def as_it_is(one: Message) -> Message:
    return one


def connected(producer: FakeProducer) -> KafkaIngest:
    made = KafkaIngest(Connection(("127.0.0.1:1",)), "raw", 0.02, as_it_is)
    made._producer = producer  # type: ignore[assignment]
    return made


async def test_a_message_is_accepted_once_the_broker_has_it_under_its_key_and_headers():
    producer = FakeProducer()

    await connected(producer).accept(message(), "r-1")

    [(topic, key, value, headers)] = producer.sent
    assert (topic, key, headers) == ("raw", KEY.encode(), [("x-request-id", b"r-1"), ("tenant-id", b"acme")])
    assert decode(Message, value) == message()


@pytest.mark.parametrize(
    "producer", [FakeProducer(KafkaTimeoutError()), FakeProducer(KafkaConnectionError()), FakeProducer(waits=True)]
)
async def test_a_message_without_an_acknowledgement_is_refused_in_bounded_time_and_not_remembered(producer):
    made = connected(producer)

    with pytest.raises(BrokerUnavailableError, match=r"0\.02 s"):
        await asyncio.wait_for(made.accept(message(), "r-1"), 1)
    assert not made.recently_accepted(KEY)
    assert made._waiting == 0


async def test_a_message_that_the_broker_never_takes_is_not_asked_for_again():
    made = connected(FakeProducer(MessageSizeTooLargeError("too large")))

    with pytest.raises(RecordTooLargeError):
        await made.accept(message(), "r-1")
    assert problem_of(RecordTooLargeError("too large")).status == 413
    assert not made.recently_accepted(KEY)
    assert made._waiting == 0


async def test_before_the_connection_stands_messages_are_refused():
    with pytest.raises(BrokerUnavailableError, match="not connected"):
        await KafkaIngest(Connection(("127.0.0.1:1",)), "raw", 0.02, as_it_is).accept(message(), "r-1")


async def test_more_messages_than_may_wait_are_refused_at_once():
    made = connected(FakeProducer(waits=True))
    made._timeout = 5.0
    waiting = [asyncio.create_task(made.accept(message(n), "r")) for n in range(ingest.WAITING_LIMIT)]
    await asyncio.sleep(0.001)

    with pytest.raises(BrokerUnavailableError, match="too many"):
        await made.accept(message(), "r-1")
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert made._waiting == 0


async def test_only_what_may_be_kept_is_sent_and_nothing_when_that_cannot_be_told():
    async def redacted(one: Message) -> Message:
        return one.model_copy(update={"text": "redacted", "found": ()})

    async def failing(_one: Message) -> Message:
        raise RedactionError("could not be searched")

    for redact, expected in ((redacted, ["redacted"]), (failing, [])):
        producer = FakeProducer()
        made = KafkaIngest(Connection(("127.0.0.1:1",)), "raw", 0.02, redact)
        made._producer = producer
        with suppress(RedactionError):
            await made.accept(message(1, "as it was written"), "r-1")
        assert [decode(Message, value).text for _, _, value, _ in producer.sent] == expected
        assert made.recently_accepted(KEY) == bool(expected)


async def test_accepted_conversations_are_remembered_and_the_longest_unused_forgotten():
    made = connected(FakeProducer())
    for number in range(ingest.REMEMBER_CONVERSATIONS + 5):
        made._remember(ConversationKey("acme", f"c-{number}"), TAKEN_IN)
        made._remember(ConversationKey("acme", "c-0"), TAKEN_IN)

    assert len(made._accepted) == ingest.REMEMBER_CONVERSATIONS
    assert made.recently_accepted(ConversationKey("acme", "c-0"))
    assert not made.recently_accepted(ConversationKey("acme", "c-1"))


@pytest.mark.parametrize(
    ("producer", "reachable"),
    [(FakeProducer(), True), (FakeProducer(KafkaConnectionError()), False), (FakeProducer(waits=True), False)],
)
async def test_the_broker_is_reachable_when_it_answers_in_time(producer, reachable):
    assert await connected(producer).reachable(0.02) is reachable


async def test_no_broker_is_reachable_before_the_connection_stands():
    assert await KafkaIngest(Connection(("127.0.0.1:1",)), "raw", 0.02, as_it_is).reachable(0.02) is False


async def test_a_message_is_sealed_and_a_tenant_that_was_erased_since_has_no_recent_ones():
    producer, vault = FakeProducer(), VaultTopic().vault()
    sealing = KafkaIngest(Connection(("127.0.0.1:1",)), "raw", 5.0, as_it_is, vault)
    sealing._producer = producer

    await sealing.accept(message(), "r-1")

    [(_, key, value, _)] = producer.sent
    assert decode(Message, vault.open("raw", key, value)) == message()
    assert sealing.recently_accepted(KEY)
    await vault.destroy("acme")
    assert not sealing.recently_accepted(KEY)
    with pytest.raises(KeyDestroyedError):
        await sealing.accept(message(), "r-1")
