from __future__ import annotations

from benchmarks.yardsticks.job import KEPT_MESSAGES, KINDS, Json, answer_to, merged, turn_of


def message(number: int) -> Json:
    return {"message_id": str(number), "conversation_id": "c"}


def test_a_conversations_turns_are_counted_and_its_last_messages_kept() -> None:
    row: Json | None = None
    for number in range(5):
        row = turn_of(row, message(number))
    assert row is not None
    assert (row["seq"], len(row["recent"]), row["recent"][-1]) == (5, KEPT_MESSAGES, message(4))


def test_an_output_comes_with_the_last_of_a_messages_five_and_repeats_change_nothing() -> None:
    row: Json | None = None
    outputs = []
    answers = [answer_to(kind, turn_of(None, message(1))) for kind in KINDS]
    for answer in (answers[0], *answers):
        found = merged(row, answer)
        if found is not None:
            row, output = found
            outputs.append(output)
    assert outputs[:-1] == [None] * 4
    assert outputs[-1] is not None
    assert (outputs[-1]["conversation_id"], outputs[-1]["completed"], outputs[-1]["open"]) == ("c", 1, {})
