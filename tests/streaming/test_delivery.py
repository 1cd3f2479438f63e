from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
from faust.exceptions import ProducerSendError
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from signalstream.errors import (
    BrokerUnavailableError,
    KeyDestroyedError,
    KeyPendingError,
    SealedError,
    UndecodableError,
    UnprocessableError,
)
from signalstream.models.dead_letter import DeadLetter
from signalstream.models.messages import Message
from signalstream.streaming.dead_letters import MAX_LETTER_BYTES, headers_of
from signalstream.streaming.delivery import ProducerOutbox, Stage, message_headers
from signalstream.streaming.pool import Abandoned
from signalstream.streaming.values import decode, encode
from signalstream.telemetry import merge_record
from tests.core.analyses import BEGIN, message
from tests.fakes import FixedClock, RecordingOutbox
from tests.security.vaults import VaultTopic
from tests.streaming.events import FakeEvent, event

CANARY = "canary9137"
UNAVAILABLE = BrokerUnavailableError("the broker is away")


@dataclass
class Step:
    """A step that raises the errors of ``failures`` one after another, then succeeds."""

    failures: list[BaseException] = field(default_factory=list)
    calls: int = 0

    async def __call__(self, taken: Any) -> None:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)


def stage(outbox: RecordingOutbox, attempts: int = 2, ours: bool = True) -> Stage:
    return Stage("conversation", outbox, "dlq", attempts, FixedClock(BEGIN), lambda _: ours)


def letters(outbox: RecordingOutbox) -> list[DeadLetter]:
    return [decode(DeadLetter, record.value) for record in outbox.on("dlq")]


async def test_a_step_that_succeeds_leaves_no_trace():
    outbox, step = RecordingOutbox(), Step()

    await stage(outbox).process(event(), step)

    assert (step.calls, outbox.sent) == (1, [])


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UndecodableError("no"), "undecodable"),
        (UnprocessableError("no"), "unprocessable"),
        (SealedError("no"), "sealed"),
    ],
)
async def test_what_no_retry_can_change_is_a_dead_letter_at_once(error, reason):
    outbox, step = RecordingOutbox(), Step([error])

    await stage(outbox).process(event(b"bytes", offset=7, partition=3), step)

    [letter] = letters(outbox)
    assert step.calls == 1
    assert (letter.reason, letter.detail, letter.attempts, letter.stage) == (reason, "no", 1, "conversation")
    assert (letter.origin.topic, letter.origin.partition, letter.origin.offset) == ("in", 3, 7)
    assert (letter.key, letter.value, letter.failed_at) == (b"acme/c-1", b"bytes", BEGIN)


async def test_an_unknown_fault_gets_its_attempts_and_may_succeed_on_the_last():
    outbox, step = RecordingOutbox(), Step([ZeroDivisionError()])

    await stage(outbox, attempts=2).process(event(), step)

    assert (step.calls, outbox.sent) == (2, [])


async def test_a_fault_in_every_attempt_is_told_and_then_a_dead_letter():
    outbox, step = RecordingOutbox(), Step([ZeroDivisionError(CANARY)] * 2)
    told: list[str] = []

    async def exhausted(_: Any, fault: str) -> None:
        assert outbox.sent == []
        told.append(fault)

    await stage(outbox, attempts=2).process(event(), step, exhausted)

    [letter] = letters(outbox)
    assert (step.calls, told) == (2, ["ZeroDivisionError"])
    assert (letter.reason, letter.attempts) == ("exhausted", 2)
    assert CANARY not in letter.detail


async def test_telling_that_attempts_are_used_up_may_fail_and_the_dead_letter_still_comes():
    outbox = RecordingOutbox()

    async def exhausted(_: Any, fault: str) -> None:
        raise UndecodableError("not even that")

    await stage(outbox, attempts=1).process(event(), Step([ZeroDivisionError()]), exhausted)

    assert [letter.reason for letter in letters(outbox)] == ["exhausted"]


async def test_an_absent_broker_costs_no_attempt_and_is_waited_for():
    outbox, step = RecordingOutbox(), Step([UNAVAILABLE, UNAVAILABLE])

    await stage(outbox, attempts=1).process(event(), step)

    assert (step.calls, outbox.sent) == (3, [])


async def test_while_the_broker_is_away_a_record_that_is_no_longer_ours_is_abandoned():
    outbox, step = RecordingOutbox(), Step([UNAVAILABLE])

    with pytest.raises(Abandoned):
        await stage(outbox, ours=False).process(event(), step)
    assert (step.calls, outbox.sent) == (1, [])


async def test_a_failing_record_that_is_no_longer_ours_is_abandoned_rather_than_tried_again():
    outbox, step = RecordingOutbox(), Step([ZeroDivisionError()])

    with pytest.raises(Abandoned):
        await stage(outbox, ours=False).process(event(), step)
    assert (step.calls, outbox.sent) == (1, [])


async def test_a_dead_letter_that_cannot_be_sent_is_sent_again_until_the_broker_has_it():
    outbox = RecordingOutbox(failures=[UNAVAILABLE, UNAVAILABLE])

    await stage(outbox).process(event(), Step([UndecodableError("no")]))

    assert len(letters(outbox)) == 1


async def test_a_dead_letter_that_cannot_be_sent_any_more_leaves_the_record_unacknowledged():
    outbox = RecordingOutbox(failures=[UNAVAILABLE])

    with pytest.raises(Abandoned):
        await stage(outbox, ours=False).process(event(), Step([UndecodableError("no")]))


async def test_each_dead_letter_is_told_once_and_only_after_the_broker_has_it():
    told: list[tuple[str, str, int]] = []
    outbox = RecordingOutbox(failures=[UNAVAILABLE])
    watched = dataclasses.replace(
        stage(outbox), buried=lambda stage, reason: told.append((stage, reason, len(outbox.sent)))
    )

    await watched.process(event(), Step([UndecodableError("no")]))
    await watched.process(event(), Step())

    assert told == [("conversation", "undecodable", 1)]


async def test_a_cancellation_is_no_fault_of_the_record():
    outbox = RecordingOutbox()

    with pytest.raises(asyncio.CancelledError):
        await stage(outbox).process(event(), Step([asyncio.CancelledError()]))
    assert outbox.sent == []


@pytest.mark.parametrize("shape", [list, dict])
async def test_the_letter_travels_with_the_records_own_key_and_headers(shape):
    headers = shape([("x-request-id", b"r-1"), ("tenant-id", b"\xff")])
    outbox = RecordingOutbox()

    await stage(outbox).process(event(headers=headers), Step([UndecodableError("no")]))

    [sent] = outbox.sent
    assert (sent.key, sent.headers) == (b"acme/c-1", [("x-request-id", b"r-1"), ("tenant-id", b"\xff")])
    assert letters(outbox)[0].headers == {"x-request-id": "r-1", "tenant-id": "\ufffd"}


@pytest.mark.parametrize(("key", "value"), [(None, None), (b"", b""), (b"\xff\x00", b"\x00\xff" * 40)])
async def test_any_bytes_come_back_out_of_a_dead_letter(key, value):
    outbox = RecordingOutbox()

    await stage(outbox).process(event(value, key=key), Step([UndecodableError("no")]))

    assert (letters(outbox)[0].key, letters(outbox)[0].value) == (key, value)


async def test_a_value_too_large_for_a_letter_is_cut_and_the_letter_says_so():
    outbox = RecordingOutbox()

    await stage(outbox).process(event(b"x" * (MAX_LETTER_BYTES + 1)), Step([UndecodableError("n" * 10_000)]))

    [letter] = letters(outbox)
    assert letter.value == b"x" * MAX_LETTER_BYTES
    assert letter.detail.endswith(f"value cut at {MAX_LETTER_BYTES} of {MAX_LETTER_BYTES + 1} bytes")
    assert letter.whole is not None
    assert letter.whole.size == MAX_LETTER_BYTES + 1
    assert letter.whole.sha256 == hashlib.sha256(b"x" * (MAX_LETTER_BYTES + 1)).hexdigest()
    assert len(outbox.sent[0].value or b"") < 900_000


async def test_a_letter_that_holds_its_whole_value_needs_no_proof_of_it():
    outbox = RecordingOutbox()

    await stage(outbox).process(event(b"x" * MAX_LETTER_BYTES), Step([UndecodableError("no")]))

    assert letters(outbox)[0].whole is None


@pytest.mark.parametrize("value", [b"{}", b"x" * (MAX_LETTER_BYTES + 1)])
async def test_a_record_whose_headers_are_too_large_for_a_letter_gets_a_bare_one(value):
    outbox = RecordingOutbox(failures=[UnprocessableError("too large"), UNAVAILABLE])

    await stage(outbox).process(
        event(value, key=b"k" * 10, headers=[("h", b"x")], offset=9), Step([UndecodableError("n" * 10_000)])
    )

    [letter] = letters(outbox)
    assert (letter.key, letter.value, letter.headers, letter.origin.offset) == (None, None, {}, 9)
    assert "at its origin" in letter.detail
    assert letter.whole is not None
    assert letter.whole.sha256 == hashlib.sha256(value).hexdigest()
    assert (outbox.sent[0].key, outbox.sent[0].headers) == (b"", [])


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from([RuntimeError, ValueError, KeyError, UndecodableError, AssertionError, TimeoutError]),
    st.text(max_size=40),
)
def test_what_was_written_is_in_the_letters_bytes_and_nowhere_else(kind, around):
    text = f"{around} {CANARY} {around}"
    written = event(encode(message(1, text)), headers=message_headers("r-1", "acme"))
    outbox = RecordingOutbox()

    async def step(taken: Any) -> None:
        if kind is UndecodableError:
            decode(Message, json.dumps({"text": text, text: text, "seq": text}).encode())
        raise kind(text)

    with capture_logs() as logs:
        asyncio.run(stage(outbox, attempts=1).process(written, step))

    [letter] = letters(outbox)
    assert CANARY.encode() in (letter.value or b"")
    assert CANARY not in repr(letter.model_copy(update={"value": None}))
    assert logs
    assert CANARY not in repr(logs)


async def test_log_lines_say_which_record_and_where_the_fault_was():
    with capture_logs(processors=[merge_record]) as logs:
        await stage(RecordingOutbox(), attempts=1).process(
            event(offset=4, headers=message_headers("r-1", "acme")), Step([ZeroDivisionError()])
        )

    assert logs[0]["at"].startswith("tests.streaming.test_delivery:")
    for line in logs:
        assert line["correlation_id"] == "r-1"
        assert (line["tenant_id"], line["conversation_id"]) == ("acme", "c-1")
        assert (line["agent"], line["topic"], line["partition"], line["offset"]) == ("conversation", "in", 0, 4)


async def test_a_record_with_an_unreadable_key_is_logged_as_such():
    with capture_logs(processors=[merge_record]) as logs:
        await stage(RecordingOutbox()).process(event(key=b"\xff"), Step([UndecodableError("no")]))

    assert logs[0]["key_readable"] is False


def test_headers_that_are_no_bytes_are_left_out():
    assert headers_of(event(headers=None)) == []
    assert headers_of(FakeEvent(event().message._replace(headers=[("a", b"1"), ("b", None)]))) == [("a", b"1")]


@dataclass
class FakeProducer:
    """A producer whose ``send`` raises, or whose confirmation does."""

    poster: None = None
    at_send: BaseException | None = None
    at_confirmation: BaseException | None = None
    sent: list[tuple[Any, ...]] = field(default_factory=list)

    async def send(self, *record: Any) -> asyncio.Future[None]:
        self.sent.append(record)
        if self.at_send is not None:
            raise self.at_send
        confirmation: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.at_confirmation is None:
            confirmation.set_result(None)
        else:
            confirmation.set_exception(self.at_confirmation)
        return confirmation


@dataclass
class AppWithProducer:
    producer: FakeProducer


def wrapped(cause: BaseException) -> ProducerSendError:
    """Return what Faust's producer makes of an error of aiokafka's."""
    error = ProducerSendError("Error while sending")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("producer", "raised"),
    [
        (FakeProducer(at_send=wrapped(KafkaTimeoutError())), BrokerUnavailableError),
        (FakeProducer(at_send=wrapped(KafkaConnectionError())), BrokerUnavailableError),
        (FakeProducer(at_confirmation=KafkaTimeoutError()), BrokerUnavailableError),
        (FakeProducer(at_send=wrapped(MessageSizeTooLargeError())), UnprocessableError),
        (FakeProducer(at_confirmation=MessageSizeTooLargeError()), UnprocessableError),
    ],
)
async def test_a_producers_errors_are_an_absent_broker_or_a_record_that_is_too_large(producer, raised):
    with pytest.raises(raised, match="topic-1"):
        await ProducerOutbox(AppWithProducer(producer)).send("topic-1", b"k", b"v", [])


async def test_a_record_that_may_not_be_written_names_the_right_that_is_missing():
    producer = FakeProducer(at_confirmation=TopicAuthorizationFailedError("topic-1"))
    with pytest.raises(BrokerUnavailableError, match="the right WRITE on the topic topic-1"):
        await ProducerOutbox(AppWithProducer(producer)).send("topic-1", b"k", b"v", [])


async def test_a_confirmed_record_is_sent():
    producer = FakeProducer()
    await ProducerOutbox(AppWithProducer(producer)).send("topic-1", b"k", b"v", [])
    assert [sent[:3] for sent in producer.sent] == [("topic-1", b"k", b"v")]


@pytest.mark.parametrize("fails_at", [1, 2])
async def test_a_record_of_an_erased_tenant_is_done_with_and_counted_and_no_letter_is_filed(fails_at):
    outbox, erased = RecordingOutbox(), list[str]()
    skipping = dataclasses.replace(stage(outbox), erased=erased.append)
    step = Step([*[RuntimeError("first")] * (fails_at - 1), KeyDestroyedError("gone")])

    with capture_logs() as logs:
        await skipping.process(event(), step)

    assert (outbox.sent, erased) == ([], ["conversation"])
    assert [line["event"] for line in logs].count("record.erased") == 1


async def test_a_letter_that_cannot_be_sealed_because_its_tenant_is_erased_is_not_filed_and_nothing_crashes():
    outbox = RecordingOutbox(failures=[KeyDestroyedError("gone")])

    await stage(outbox).process(event(), Step([UndecodableError("no")]))

    assert outbox.sent == []


async def test_one_erased_record_among_many_of_a_batch_harms_no_other():
    outbox, done = RecordingOutbox(), list[int]()

    async def step(taken: Any) -> None:
        if taken.message.offset == 1:
            raise KeyDestroyedError("gone")
        done.append(taken.message.offset)

    async def together(events: list[Any]) -> None:
        for each in events:
            await step(each)

    await stage(outbox).process_together([event(offset=number) for number in range(3)], together, step)

    assert done[-2:] == [0, 2]
    assert outbox.sent == []


async def test_a_key_that_is_still_to_come_uses_up_no_attempt_and_makes_no_letter():
    outbox, step = RecordingOutbox(), Step([KeyPendingError("not here yet")] * 2)

    with capture_logs() as logs:
        await stage(outbox, attempts=1).process(event(), step)

    assert (step.calls, outbox.sent) == (3, [])
    assert [line["event"] for line in logs] == ["stage.key_pending"] * 2


async def test_what_an_outbox_sends_is_sealed_for_its_topic_and_key_and_a_tombstone_stays_one():
    producer, vault = RecordingProducer(), VaultTopic().vault()
    outbox = ProducerOutbox(AppWithProducer(producer), vault)

    await outbox.send("topic-1", b"acme/c-1", b"secret", [])
    await outbox.send("topic-1", b"acme/c-1", None, [])

    (sealed, none) = producer.values
    assert none is None
    assert b"secret" not in sealed
    assert vault.open("topic-1", b"acme/c-1", sealed) == b"secret"


class RecordingProducer:
    """A producer that keeps the values of what it sends."""

    poster = None

    def __init__(self) -> None:
        self.values: list[Any] = []

    async def send(self, _topic: str, _key: bytes, value: bytes | None, *_: Any) -> asyncio.Future[None]:
        self.values.append(value)
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done
