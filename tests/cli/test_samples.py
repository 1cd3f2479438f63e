from __future__ import annotations

import re
from collections import Counter

import pytest

from signalstream.cli.samples import Sample, load_samples
from signalstream.models.messages import Channel, Sender

SAMPLES = load_samples()


def texts() -> str:
    return "\n".join(message.message for sample in SAMPLES for message in sample.messages)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.conversation_id)
def test_a_sample_is_a_conversation_that_a_customer_begins(sample: Sample) -> None:
    assert 3 <= len(sample.messages) <= 6
    assert sample.messages[0].sender is Sender.CUSTOMER
    assert {message.conversation_id for message in sample.messages} == {sample.conversation_id}


def test_there_are_a_dozen_or_more_and_their_ids_differ() -> None:
    ids = [sample.conversation_id for sample in SAMPLES]
    assert len(ids) >= 12
    assert len(set(ids)) == len(ids)


def test_every_channel_and_every_sender_occurs() -> None:
    messages = [message for sample in SAMPLES for message in sample.messages]
    assert {message.channel for message in messages} == set(Channel)
    assert {message.sender for message in messages} == set(Sender)


def test_no_sentence_is_used_twice() -> None:
    sentences = Counter(part.strip() for part in re.split(r"[.!?\n]", texts()) if len(part.strip()) > 20)
    assert [sentence for sentence, count in sentences.items() if count > 1] == []


def test_addresses_and_numbers_belong_to_nobody() -> None:
    assert set(re.findall(r"@([\w.-]*\w)", texts())) == {"example.com"}
    phones = re.findall(r"(?:\+1 )?202[ -]555[ -]01\d\d", texts())
    assert len(phones) >= 3
    cards = re.findall(r"(?:\d{4} ){3}\d{4}", texts())
    assert cards == ["4111 1111 1111 1111"]


def test_a_suffix_tells_the_conversations_of_one_run_from_another() -> None:
    suffixed = load_samples("-2")
    assert {sample.conversation_id for sample in suffixed} == {sample.conversation_id + "-2" for sample in SAMPLES}
    assert suffixed[0].messages[0].conversation_id.endswith("-2")
