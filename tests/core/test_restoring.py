from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from signalstream.core.restoring import RESTORED, placeholders_in, restored

VALUES = {"[EMAIL_1]": "jo@mail.example", "[NAME_2]": "[PHONE_1]", "[PHONE_1]": "+1 206 555 0173"}
INSIGHT: dict[str, JsonValue] = {
    "revision": 3,
    "sentiment": {"reasoning": "[EMAIL_1] writes in anger", "score": -0.8},
    "insights": {"suggested_response": "I wrote to [EMAIL_1].", "key_concerns": ["call [PHONE_1]", "[EMAIL_7]"]},
    "summary": {"tldr": "[NAME_2] asks", "sources": [{"text": "I am [NAME_2]"}]},
    "pii": {"redacted_text": "[EMAIL_1]", "entities": [{"value": "[REDACTED]", "placeholder": "[EMAIL_1]"}]},
}
TEXTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=20) | st.sampled_from([*VALUES, "see [EMAIL_9]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_values_stand_in_what_people_act_on_and_nowhere_else() -> None:
    shown = restored(INSIGHT, VALUES)
    assert shown["sentiment"] == {"reasoning": "jo@mail.example writes in anger", "score": -0.8}
    assert shown["insights"] == {
        "suggested_response": "I wrote to jo@mail.example.",
        "key_concerns": ["call +1 206 555 0173", "[EMAIL_7]"],
    }
    assert (shown["pii"], shown["revision"]) == (INSIGHT["pii"], 3)


def test_a_value_that_looks_like_a_placeholder_is_not_looked_up_again() -> None:
    assert restored(INSIGHT, VALUES)["summary"] == {"tldr": "[PHONE_1] asks", "sources": [{"text": "I am [PHONE_1]"}]}


def test_the_placeholders_to_look_up_are_those_of_the_restored_parts() -> None:
    assert placeholders_in(INSIGHT) == {"[EMAIL_1]", "[PHONE_1]", "[EMAIL_7]", "[NAME_2]"}
    assert placeholders_in({"pii": INSIGHT["pii"]}) == frozenset()


@given(st.dictionaries(st.sampled_from([*RESTORED, "pii", "agents"]), TEXTS))
def test_without_values_nothing_changes_and_with_all_of_them_nothing_is_left_to_look_up(
    insight: dict[str, JsonValue],
) -> None:
    assert restored(insight, {}) == insight
    known = dict.fromkeys(placeholders_in(insight), "a value")
    assert placeholders_in(restored(insight, known)) == frozenset()
