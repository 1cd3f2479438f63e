"""The language agent: in which language a message is written, among those that a deployment serves.

py3langid's model decides, with a say for the most common words of each language; without the model's file, scripts and
words alone decide. A message of too few letters is read together with the earlier ones of its sender; where that is
not enough, or nothing stands out, the language is ``und`` (undetermined).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from pydantic import Field

from signalstream.ai.local.model_files import ModelFile
from signalstream.ai.results import Found
from signalstream.core.redaction import PLACEHOLDER
from signalstream.errors import ConfigurationError, ModelUnavailableError
from signalstream.models.base import Model
from signalstream.models.conversation import Turn
from signalstream.settings import DEFAULT_LANGUAGES, Settings

UNDETERMINED = "und"
LEAST_LETTERS = 10
ENOUGH_LETTERS = 20
LEAST_CONFIDENCE = 0.3
LEAST_CONFIDENCE_WHEN_SHORT = 0.4
"""For a text of fewer than ENOUGH_LETTERS."""
MOST_CHARACTERS = 1_000
WORD_WEIGHT = 1.0
MODEL = ModelFile("py3langid", "data/model.npz.xz", "f4f4a2c3465ca1f081541037f9cac23021d68151c2f709c55ae5eedfca522963")
_NOISE = re.compile(rf"{PLACEHOLDER.pattern}|(?:https?://|www\.)\S+|\S+@\S+|[@#]\w+|\d+")
_LETTER = re.compile(r"[^\W\d_]")
_TELLING = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # a script of few languages
_LETTERS_OF_A_TELLING_ONE = 2
_SCRIPTS = {
    "ja": r"[\u3040-\u30ff]",
    "zh": r"[\u3400-\u9fff]",
    "ko": r"[\uac00-\ud7af]",
    "ru": r"[\u0400-\u04ff]",
    "ar": r"[\u0600-\u06ff]",
    "hi": r"[\u0900-\u097f]",
}
_WORDS = {
    "en": "the and you is to of my i for that it not with have was are this be your please can what",
    "de": "der die das und ich nicht ist ein eine zu mit den für von auf es sie wir bitte mir dem wie",
    "fr": "le la les et je est pas une des que vous pour dans un du ce mon ma nous avec sur il qui",
    "es": "el la los que de y en un una por con no mi para es se su las del lo al como está me",
    "it": "il di che e la non un una per con mi è sono del della le ho si da più questo gli nel",
    "pt": "o a que e de não um uma para com eu meu minha os as do da em no na por você é ao dos mais",
    "nl": "de het een en ik niet is van dat op te mijn voor met zijn je er aan heb die naar maar wij",
    "pl": "i w na nie z się do jest że to o jak moje za po mam są czy dla ale przez tego",
    "tr": "ve bir bu için ile de da ne çok ben var mi daha gibi olarak değil ama en kadar olan sonra",
}


class Language(Model):
    """The language as ISO 639-1 code, ``und`` where too little was written or nothing stands out."""

    language: str = Field(pattern=r"^([a-z]{2}|und)$")
    confidence: float = Field(ge=0, le=1)


RESULT = Language


class Guess(Protocol):
    """Says how likely each language is."""

    def shares(self, text: str) -> Mapping[str, float]:
        """Return language -> probability; empty when the text says nothing."""
        ...


class LanguageJudge:
    """The language agent's part of the local analyst."""

    def __init__(self, guess: Guess, engine: str, missing: str | None = None) -> None:
        self._guess = guess
        self._engine = engine
        self.missing = missing

    def judge(self, turn: Turn) -> Found:
        """See Judge."""
        own = turn.message
        earlier = [kept.text for kept in reversed(turn.context) if kept.sender is own.sender]
        return Found(self.detect(own.text, earlier), self._engine)

    def detect(self, text: str, earlier: Sequence[str] = ()) -> Language:
        """Return the language of ``text``; where it is too short, of what was written before too, newest first."""
        read = _NOISE.sub(" ", text[:MOST_CHARACTERS]).strip()
        for before in earlier:
            if letters_in(read) >= ENOUGH_LETTERS:
                break
            read = f"{_NOISE.sub(' ', before[:MOST_CHARACTERS]).strip()}\n{read}"
        letters = letters_in(read)
        shares = self._guess.shares(read) if letters >= LEAST_LETTERS else {}
        best = max(shares, key=lambda language: shares[language], default=UNDETERMINED)
        confidence = shares.get(best, 0.0)
        least = LEAST_CONFIDENCE if letters >= ENOUGH_LETTERS else LEAST_CONFIDENCE_WHEN_SHORT
        return Language(language=best if confidence >= least else UNDETERMINED, confidence=round(confidence, 4))


class ModelGuess:
    """py3langid restricted to some languages. Raises ModelUnavailableError without its file."""

    def __init__(self, languages: Sequence[str], model_file: ModelFile = MODEL) -> None:
        model_file.read()
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - may not be installed

        model: Any = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        try:
            model.set_languages(languages)
        except ValueError as error:
            raise ConfigurationError(f"SIGNALSTREAM_LANGUAGES: {error}") from error
        model._full_model = None  # the other languages' weights: 28 MB
        self._model = model
        self._words = {language: set(_WORDS.get(language, "").split()) for language in languages}

    def shares(self, text: str) -> Mapping[str, float]:
        """See Guess."""
        words = re.findall(r"[^\W\d_]+", text.lower())
        scale = WORD_WEIGHT / math.sqrt(len(words) or 1)
        rows = {
            language: math.log(share + 1e-12) + scale * sum(word in self._words[language] for word in words)
            for language, share in self._model.rank(text)
        }
        top = max(rows.values())
        powers = {language: math.exp(value - top) for language, value in rows.items()}
        total = sum(powers.values())
        return {language: power / total for language, power in powers.items()}


class WordGuess:
    """Scripts and common words: right for most sentences of two lines, for want of anything better."""

    def __init__(self, languages: Sequence[str]) -> None:
        scripts = {language: _SCRIPTS[language] for language in languages if language in _SCRIPTS}
        self._scripts = {language: re.compile(pattern) for language, pattern in scripts.items()}
        self._words = {language: set(_WORDS[language].split()) for language in languages if language in _WORDS}

    def shares(self, text: str) -> Mapping[str, float]:
        """See Guess."""
        counts = dict(self._counts(text))
        if "ja" in counts and "zh" in counts:
            counts["ja"] += counts.pop("zh")  # Japanese is written with Chinese signs too
        total = sum(counts.values())
        return {language: count / total for language, count in counts.items()} if total else {}

    def _counts(self, text: str) -> Iterator[tuple[str, int]]:
        for language, script in self._scripts.items():
            if found := script.findall(text):
                yield language, len(found)
        words = re.findall(r"[^\W\d_]+", text.lower())
        for language, common in self._words.items():
            if found := [word for word in words if word in common]:
                yield language, len(found)


def letters_in(text: str) -> int:
    """Count letters; one of a script that few languages are written in counts double."""
    return len(_LETTER.findall(text)) + (_LETTERS_OF_A_TELLING_ONE - 1) * len(_TELLING.findall(text))


def local(settings: Settings | None, model_file: ModelFile = MODEL) -> LanguageJudge:
    """Return the judge of the settings' languages; without the model, one that goes by words."""
    languages = settings.languages if settings else DEFAULT_LANGUAGES
    try:
        return LanguageJudge(ModelGuess(languages, model_file), "py3langid")
    except ModelUnavailableError as error:
        return LanguageJudge(WordGuess(languages), "words", f"language: {error}")
