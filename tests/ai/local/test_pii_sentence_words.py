"""Words that are never taken for names must be nobody's."""

from __future__ import annotations

import pytest

from signalstream.ai.local.pii_not_names import EVERYDAY
from signalstream.ai.local.pii_sentence_words import SENTENCE_WORDS
from tests.ai.local.pii_texts import FAMILY, GIVEN

BORNE = "Anders Ben Bravo Bueno Caro Dag Daher Davor Ehrlich Grace Joy Kim Mai Mia Nur Pan Santo Schnell Socorro Wen"


def test_no_name_of_the_sample_messages_is_among_them() -> None:
    assert not {name.casefold() for name in (*GIVEN, *FAMILY)} & (SENTENCE_WORDS | EVERYDAY)


@pytest.mark.parametrize("name", BORNE.split())
def test_a_word_that_many_people_bear_is_left_to_the_model(name: str) -> None:
    assert name.casefold() not in SENTENCE_WORDS | EVERYDAY


@pytest.mark.parametrize("word", ["İyi", "TROTZDEM", "Scheiße", "Désolé"])
def test_they_are_compared_as_the_model_s_words_are(word: str) -> None:
    assert word.casefold() in SENTENCE_WORDS
