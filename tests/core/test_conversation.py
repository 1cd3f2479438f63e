from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.core.conversation import SEEN_MESSAGES, Bounds, join, newest, seq_of, view
from signalstream.models.conversation import ConversationState, KeptMessage
from signalstream.models.messages import Message, Sender
from signalstream.streaming.values import MAX_VALUE_BYTES, decode, encode
from tests.core.analyses import BEGIN, found, message, message_id, nothing_found

BOUNDS = Bounds(kept_messages=6, kept_characters=200, context_messages=3, context_characters=60)
MODERATE = settings(deadline=None, max_examples=100)
MESSAGES = st.lists(
    st.builds(
        lambda number, length, sender: message(number, "x" * length, sender=sender),
        st.integers(1, 12),
        st.integers(1, 80),
        st.sampled_from(list(Sender)),
    ),
    min_size=1,
    max_size=30,
)


def joined(messages: list[Message], state: ConversationState | None = None) -> ConversationState:
    for one in messages:
        state = join(state, one, nothing_found, BOUNDS).state
    assert state is not None
    return state


def distinct(messages: list[Message]) -> list[Message]:
    return list({one.message_id: one for one in reversed(messages)}.values())[::-1]


@MODERATE
@given(MESSAGES)
def test_numbers_are_dense_from_one_in_the_order_of_first_arrival(messages):
    state, first_seen = None, {}
    for one in messages:
        made = join(state, one, nothing_found, BOUNDS)
        state = made.state
        assert made.changed == (one.message_id not in first_seen)
        assert made.turn.seq == first_seen.setdefault(one.message_id, len(first_seen) + 1)
    assert state is not None
    assert (state.last_seq, state.message_count) == (len(first_seen), len(first_seen))


@MODERATE
@given(MESSAGES, st.data())
def test_a_redelivery_from_any_point_gives_the_same_numbers_and_changes_nothing(messages, data):
    state = joined(messages)
    again = messages[data.draw(st.integers(0, len(messages))) :]

    for one in again:
        repeat = join(state, one, nothing_found, BOUNDS)
        assert repeat.state is state
        assert repeat.turn.seq == seq_of(state, one.message_id)
        assert repeat.turn.message == one


@MODERATE
@given(MESSAGES)
def test_what_is_kept_and_the_context_stay_within_their_bounds(messages):
    state = None
    for one in messages:
        made = join(state, one, nothing_found, BOUNDS)
        state = made.state
        assert len(state.recent) <= BOUNDS.kept_messages
        assert sum(len(kept.text) for kept in state.recent) <= BOUNDS.kept_characters
        assert len(made.turn.context) <= BOUNDS.context_messages
        assert sum(len(kept.text) for kept in made.turn.context) <= BOUNDS.context_characters


@MODERATE
@given(MESSAGES)
def test_the_context_holds_messages_before_this_one_and_neither_itself_nor_later_ones(messages):
    state = joined(messages)

    for one in messages:
        turn = join(state, one, nothing_found, BOUNDS).turn
        numbers = [kept.seq for kept in turn.context]
        assert numbers == sorted(numbers)
        assert all(number < turn.seq for number in numbers)


@MODERATE
@given(st.lists(st.integers(0, 50), max_size=20), st.integers(0, 10), st.integers(0, 200))
def test_the_newest_messages_without_a_hole_are_kept_as_far_as_they_fit(lengths, count, characters):
    messages = tuple(
        KeptMessage(message_id=message_id(n), seq=n, sender=Sender.AGENT, text="x" * length, timestamp=BEGIN)
        for n, length in enumerate(lengths, 1)
    )

    kept = newest(messages, count, characters)

    assert kept == messages[len(messages) - len(kept) :]
    if len(kept) < min(count, len(messages)):
        assert sum(len(one.text) for one in messages[-len(kept) - 1 :]) > characters


@MODERATE
@given(MESSAGES)
def test_a_row_read_back_from_its_bytes_is_the_row(messages):
    state = joined(messages)

    assert decode(ConversationState, encode(state)) == state


@MODERATE
@given(MESSAGES)
def test_counts_and_participants_are_of_distinct_messages(messages):
    state = joined(messages)
    senders = [one.sender for one in distinct(messages)]

    assert state.counts == {sender: senders.count(sender) for sender in set(senders)}
    assert sorted(state.participants) == sorted(set(senders))
    assert state.first_message_at == min(one.written_at for one in distinct(messages))
    assert state.last_message_at == max(one.written_at for one in distinct(messages))


def test_the_row_keeps_the_redacted_text_and_the_turn_carries_what_was_written():
    made = join(None, message(1, "my card is 4111"), found("4111", "card"), BOUNDS)

    assert made.state.recent[0].text == "my card is [CARD_1]"
    assert made.turn.message.text == "my card is 4111"
    assert made.turn.context == ()


def test_a_row_of_ten_thousand_long_messages_stays_small_and_remembers_the_newest_thousand():
    bounds = Bounds(kept_messages=50, kept_characters=60_000, context_messages=20, context_characters=8_000)
    text = "\N{PILE OF POO}" * 5_000
    state: ConversationState | None = None
    for number in range(1, 10_001):
        state = join(state, message(number, "x").model_copy(update={"text": text}), nothing_found, bounds).state

    assert state is not None
    assert state.last_seq == 10_000
    assert len(encode(state)) < MAX_VALUE_BYTES / 2
    assert len(state.seen) == SEEN_MESSAGES
    assert seq_of(state, message_id(10_000)) == 10_000
    assert seq_of(state, message_id(10_001 - SEEN_MESSAGES)) == 10_001 - SEEN_MESSAGES
    assert seq_of(state, message_id(10_000 - SEEN_MESSAGES)) is None


def test_the_largest_row_that_the_settings_allow_fits_the_changelog():
    bounds = Bounds(kept_messages=500, kept_characters=100_000, context_messages=100, context_characters=50_000)
    control = "\x01" * 200  # six bytes each in JSON, the worst there is
    state: ConversationState | None = None
    for number in range(1, 1_101):
        made = join(state, message(number, "x").model_copy(update={"text": control}), nothing_found, bounds)
        state = made.state

    assert state is not None
    assert len(state.recent) == 500
    assert len(encode(state)) < MAX_VALUE_BYTES
    assert len(encode(made.turn)) < MAX_VALUE_BYTES


def test_a_view_shows_at_most_the_limit_of_the_newest_messages():
    state = joined([message(number) for number in range(1, 5)])

    assert [kept.seq for kept in view(state, 2).messages] == [3, 4]
    assert [kept.seq for kept in view(state, 99).messages] == [1, 2, 3, 4]
    assert view(state, 0).messages == ()


def test_a_message_that_was_written_before_the_others_widens_the_span():
    state = joined([message(5), message(6, written_at=BEGIN - timedelta(days=2))])

    assert state.first_message_at == BEGIN - timedelta(days=2)
    assert state.last_message_at == message(5).written_at


def test_a_retry_that_comes_in_later_is_the_same_turn_at_the_same_time():
    first = message(1).model_copy(update={"written_at": BEGIN, "received_at": BEGIN})
    later = BEGIN + timedelta(minutes=20)
    retry = first.model_copy(update={"written_at": later, "received_at": later})
    made = join(None, first, nothing_found, BOUNDS)

    repeat = join(made.state, retry, nothing_found, BOUNDS)

    assert repeat.turn == made.turn
