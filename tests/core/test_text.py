"""Folding, sentences, shortening and cues."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.text import cue, folded, matched, phrase_pattern, sentences, shortened


def test_folding_makes_case_accents_apostrophes_and_unseen_characters_equal() -> None:
    assert folded("I CAN\u2019T  log\u200b in,\nvergüenza") == "i can't log in, verguenza"


def test_full_width_letters_fold_to_plain_ones() -> None:
    assert folded("\uff46\uff52\uff41\uff55\uff44") == "fraud"


def test_padding_with_expanding_ligatures_pushes_nothing_out() -> None:
    assert folded("\ufdfa" * 5000 + " fraud").endswith("fraud")


def test_a_phrase_matches_whole_words_only() -> None:
    pattern = phrase_pattern("sue you|cancel*")
    assert pattern.search("i will sue you")
    assert pattern.search("cancellation")
    assert not pattern.search("tissue youth")


def test_a_cue_matches_by_name_and_never_quotes() -> None:
    anger = cue("anger", -3, "unacceptable|furious")
    assert [one.name for one in matched((anger,), folded("This is UNACCEPTABLE"))] == ["anger"]


def test_sentences_end_at_marks_and_lines_but_not_inside_abbreviations() -> None:
    assert sentences("It broke. Why?\nSee e.g. the box! 你好。再见") == (
        "It broke.",
        "Why?",
        "See e.g. the box!",
        "你好。",
        "再见",
    )


def test_sentences_are_bounded_in_number() -> None:
    assert len(sentences("Hello! " * 500, 7)) == 7


def test_shortening_ends_at_a_word() -> None:
    assert shortened("the quick brown fox jumps", 16) == "the quick brown…"


def test_shortening_never_cuts_through_a_placeholder() -> None:
    assert shortened("write to [EMAIL_1] today", 16) == "write to…"


@given(st.text(max_size=300), st.integers(2, 100))
def test_shortened_text_fits(text: str, characters: int) -> None:
    assert len(shortened(text, characters)) <= max(characters, 0)


@given(st.text(max_size=200))
def test_folding_twice_changes_nothing_more_for_words(text: str) -> None:
    once = folded(text)
    assert "  " not in once
    assert once == once.strip()
