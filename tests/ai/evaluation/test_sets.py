"""Labelled sets of a directory: own formats, and published sets as their publishers lay them out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signalstream.ai.evaluation.published import published_sets
from signalstream.ai.evaluation.run import tenant_of, texts_of
from signalstream.ai.evaluation.sets import TASKS, LabelledSet, own_sets
from signalstream.errors import ConfigurationError

OWN = {
    "sentiment-ours.jsonl": {"text": "lovely", "sentiment": "positive"},
    "intent.jsonl": {"text": "give me my money", "intent": "Refund Request"},
    "pii.jsonl": {"text": "I am Ann", "entities": [{"type": "name", "start": 5, "end": 8}]},
    "summary.jsonl": {"messages": [{"sender": "agent", "message": "hello"}], "summaries": ["Agent says hello."]},
    "requests.jsonl": {"text": "please call", "request": True},
    "language.jsonl": {"text": "guten Tag", "language": "de"},
}


def laid_out(folder: Path) -> Path:
    """A small set of each kind, in the layout of its publisher."""
    files = {
        "tweeteval/val_text.txt": "so bad\nso good\n",
        "tweeteval/val_labels.txt": "0\n2\n",
        "banking77/train.csv": "text,category\n" + "".join(f"text {each},label {each % 2}\n" for each in range(20)),
        "clinc150/data_dev.json": json.dumps(
            {"train": [["a", "x"], ["b", "y"]], "val": [["c", "x"]], "oos_val": [["d", "oos"]]}
        ),
        "presidio/synth.json": json.dumps(
            [
                {
                    "full_text": "I am Ann of Acme",
                    "spans": [
                        {"entity_type": "PERSON", "start_position": 5, "end_position": 8},
                        {"entity_type": "ORGANIZATION", "start_position": 12, "end_position": 16},
                    ],
                },
                {
                    "full_text": "at Acme",
                    "spans": [{"entity_type": "ORGANIZATION", "start_position": 3, "end_position": 7}],
                },
                {"full_text": "nothing", "spans": []},
            ]
        ),
        "dialogsum/dev.jsonl": json.dumps(
            {
                "dialogue": "#Person1#: Hi.\n#Person2#: Hello.",
                "summary": "#Person1# greets #Person2#.",
                "topic": "greeting",
            }
        ),
        "email_intent/Ask1.txt": "Yes\tCall me\nNo\tI did\n",
        "languages/de.txt": "Guten Tag\n\nAuf Wiedersehen\n",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_every_task_has_a_format_of_its_own(tmp_path: Path) -> None:
    for name, record in OWN.items():
        (tmp_path / name).write_text(json.dumps(record) + "\n")
    found = list(own_sets(tmp_path, TASKS))
    assert {each.task: each.name for each in found} == {
        Path(name).stem.partition("-")[0]: Path(name).stem for name in OWN
    }
    assert {text for each in found for text in texts_of(each)} >= {"lovely", "hello", "guten Tag"}


def test_a_wrong_or_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "language.jsonl").write_text('{"text": "x"}')
    with pytest.raises(ConfigurationError, match=r"language\.jsonl: line 1"):
        list(own_sets(tmp_path, TASKS))
    (tmp_path / "language.jsonl").write_text("\n")
    with pytest.raises(ConfigurationError, match="holds no record"):
        list(own_sets(tmp_path, TASKS))


def test_published_sets_are_read_as_they_are(tmp_path: Path) -> None:
    found = {each.name: each for each in published_sets(laid_out(tmp_path), TASKS)}
    assert found["tweeteval val"].records == [("so bad", "negative"), ("so good", "positive")]
    assert found["banking77 kept out"].records == [("text 0", "label 0"), ("text 10", "label 0")]
    assert sum(map(len, found["banking77 kept out"].samples.values())) == 18
    assert found["clinc150 val"].records == [("c", "x"), ("d", None)]
    assert [[one.type for one in text.entities] for text in found["synth"].records] == [["name"], []]
    [dialogue] = found["dialogsum dev"].records
    assert [(one.sender, one.message) for one in dialogue.messages] == [("customer", "Hi."), ("agent", "Hello.")]
    assert dialogue.summaries == ("Customer greets Agent.",)
    assert [one.request for one in found["email_intent Ask1"].records] == [True, False]
    assert [one.language for one in found["languages"].records] == ["de", "de"]


def test_questions_are_texts_without_personal_data_too(tmp_path: Path) -> None:
    found = {each.name: each for each in published_sets(laid_out(tmp_path), ("pii",))}
    assert set(found) == {"synth", "banking77 kept out, questions", "clinc150 val, questions"}
    assert [(one.text, one.entities) for one in found["clinc150 val, questions"].records] == [("c", ()), ("d", ())]
    assert {tenant_of(each) for each in found.values()} == {"evaluate"}


def test_a_test_file_is_preferred_to_keeping_questions_out(tmp_path: Path) -> None:
    (laid_out(tmp_path) / "banking77" / "test.csv").write_text("text,category\nnew,label 1\n")
    [found] = [each for each in published_sets(tmp_path, ("intent",)) if each.name.startswith("banking77")]
    assert (found.name, found.records) == ("banking77 test", [("new", "label 1")])
    assert sum(map(len, found.samples.values())) == 20


def test_only_the_tasks_that_were_asked_for_are_read(tmp_path: Path) -> None:
    (laid_out(tmp_path) / "clinc150" / "data_dev.json").write_text("{")
    assert {each.task for each in published_sets(tmp_path, ("language", "requests"))} == {"language", "requests"}
    with pytest.raises(ConfigurationError, match="clinc150 is not laid out as expected"):
        list(published_sets(tmp_path, TASKS))


def test_some_records_are_spread_over_all_of_them() -> None:
    given = LabelledSet("language", "n", list(range(100)))
    assert given.some(4).records == [0, 25, 50, 75]
    assert given.some(None).records == given.some(200).records == given.records


def test_a_set_with_labels_of_its_own_is_a_tenant() -> None:
    assert tenant_of(LabelledSet("intent", "banking77 kept out", [], {"x": ["y"]})) == "banking77-kept-out"
    assert tenant_of(LabelledSet("intent", "ours", [])) == "evaluate"
