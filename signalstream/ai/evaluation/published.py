"""Readers of published sets, each in a folder of its name with the files as their publishers wrote them.

tweeteval/    ``*_text.txt`` with ``*_labels.txt`` (0 negative, 1 neutral, 2 positive)
banking77/    ``train.csv``, and ``test.csv`` where it is there; else one question in ten of the training file
clinc150/     ``data_*.json``: ``test`` and ``oos_test`` where they are there, else ``val`` and ``oos_val``
              (the questions of both are texts without personal data, too: what is flagged in them is a false alarm)
presidio/     ``*.json`` of presidio-research
dialogsum/    ``*.jsonl``: the first speaker is called Customer, the second Agent
email_intent/ ``*.txt``: Yes or No, a tab, a sentence
languages/    ``<code>.txt``, a sentence on each line
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from signalstream.ai.evaluation.language import LabelledLanguage
from signalstream.ai.evaluation.pii import LabelledEntity, LabelledText
from signalstream.ai.evaluation.requests import LabelledSentence
from signalstream.ai.evaluation.sets import LabelledSet
from signalstream.ai.evaluation.summary import LabelledConversation, SaidMessage
from signalstream.errors import ConfigurationError
from signalstream.models.messages import Sender

Reader = Callable[[Path], Iterator[LabelledSet]]
KEPT_OUT = 10
_FLAGGED = "questions to a machine, taken for free of personal data"
_POLARITY = ("negative", "neutral", "positive")
_SPEAKERS = {"#Person1#": "Customer", "#Person2#": "Agent"}
_TURN = re.compile(r"^(#Person[12]#): ?(.*\S.*)$", re.MULTILINE)
_KINDS = {
    "PERSON": "name",
    "STREET_ADDRESS": "address",
    "ZIP_CODE": "address",
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "credit_card",
    "IBAN_CODE": "iban",
    "US_SSN": "ssn",
    "IP_ADDRESS": "ip_address",
    "US_DRIVER_LICENSE": "drivers_license",
    "DOMAIN_NAME": "url",
}
"""Types that count; texts that hold only others are left out."""


def published_sets(folder: Path, tasks: Sequence[str]) -> Iterator[LabelledSet]:
    """Yield the published sets that are there. Raises ConfigurationError that names the folder which is unreadable."""
    for name, task, read in _SETS:
        if task not in tasks or not (folder / name).is_dir():
            continue
        try:
            yield from read(folder / name)
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise ConfigurationError(f"{folder / name} is not laid out as expected: {error!r}") from error


def _tweets(folder: Path) -> Iterator[LabelledSet]:
    for texts in sorted(folder.glob("*_text.txt")):
        labels = texts.with_name(texts.name.replace("_text", "_labels")).read_text().split()
        lines = texts.read_text(encoding="utf-8").rstrip("\n").split("\n")
        pairs = [(text, _POLARITY[int(label)]) for text, label in zip(lines, labels, strict=True) if text.strip()]
        yield LabelledSet("sentiment", f"tweeteval {texts.name.removesuffix('_text.txt')}", pairs)


def _banking(folder: Path) -> Iterator[LabelledSet]:
    seen = _questions(folder / "train.csv")
    if (folder / "test.csv").exists():
        yield LabelledSet("intent", "banking77 test", _questions(folder / "test.csv"), _samples(seen))
        return
    unseen, seen = seen[::KEPT_OUT], [one for place, one in enumerate(seen) if place % KEPT_OUT]
    yield LabelledSet("intent", "banking77 kept out", unseen, _samples(seen), "one in ten of the training questions")


def _questions(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def _clinc(folder: Path) -> Iterator[LabelledSet]:
    for path in sorted(folder.glob("data_*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        split = "test" if "test" in content else "val"
        outside: list[tuple[str, str | None]] = [(text, None) for text, _ in content[f"oos_{split}"]]
        inside = [(text, label) for text, label in content[split]]
        yield LabelledSet("intent", f"clinc150 {split}", inside + outside, _samples(content["train"]))


def _samples(pairs: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    samples: dict[str, list[str]] = defaultdict(list)
    for text, label in pairs:
        samples[label].append(text)
    return dict(samples)


def _presidio(folder: Path) -> Iterator[LabelledSet]:
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        made = [_labelled(one) for one in content]
        yield LabelledSet("pii", path.stem, [one for one in made if one is not None])


def _labelled(one: dict[str, Any]) -> LabelledText | None:
    entities = tuple(
        LabelledEntity(type=_KINDS[span["entity_type"]], start=span["start_position"], end=span["end_position"])
        for span in one["spans"]
        if span["entity_type"] in _KINDS
    )
    return LabelledText(text=one["full_text"], entities=entities) if entities or not one["spans"] else None


def _dialogues(folder: Path) -> Iterator[LabelledSet]:
    for path in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        made = [_conversation(row) for row in rows]
        yield LabelledSet("summary", f"dialogsum {path.stem}", [one for one in made if one is not None])


def _conversation(row: dict[str, str]) -> LabelledConversation | None:
    messages = tuple(
        SaidMessage(sender=Sender(_SPEAKERS[who].lower()), message=said) for who, said in _TURN.findall(row["dialogue"])
    )
    summaries = tuple(_named(value) for key, value in row.items() if re.fullmatch(r"summary\d*", key))
    return LabelledConversation(messages=messages, summaries=summaries) if messages else None


def _named(text: str) -> str:
    for tag, speaker in _SPEAKERS.items():
        text = text.replace(tag, speaker)
    return text


def _emails(folder: Path) -> Iterator[LabelledSet]:
    for path in sorted(folder.glob("Ask*.txt")):
        content = path.read_text(encoding="utf-8", errors="replace")
        rows = [line.split("\t", 1) for line in content.split("\n") if "\t" in line]
        made = [LabelledSentence(text=text, request=label == "Yes") for label, text in rows if text.strip()]
        note = "the head was trained on these" if path.stem == "Ask0729-fixed" else ""
        yield LabelledSet("requests", f"email_intent {path.stem}", made, note=note)


def _languages(folder: Path) -> Iterator[LabelledSet]:
    made = [
        LabelledLanguage(text=line.strip(), language=path.stem)
        for path in sorted(folder.glob("??.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    if made:
        yield LabelledSet("language", "languages", made)


def _questions_alone(read: Reader) -> Reader:
    """Return a reader of the same texts as ones without personal data."""

    def clean(folder: Path) -> Iterator[LabelledSet]:
        for each in read(folder):
            texts = [LabelledText(text=text) for text, _ in each.records]
            yield LabelledSet("pii", f"{each.name}, questions", texts, note=_FLAGGED)

    return clean


_SETS: tuple[tuple[str, str, Reader], ...] = (
    ("tweeteval", "sentiment", _tweets),
    ("banking77", "intent", _banking),
    ("clinc150", "intent", _clinc),
    ("banking77", "pii", _questions_alone(_banking)),
    ("clinc150", "pii", _questions_alone(_clinc)),
    ("presidio", "pii", _presidio),
    ("dialogsum", "summary", _dialogues),
    ("email_intent", "requests", _emails),
    ("languages", "language", _languages),
)
