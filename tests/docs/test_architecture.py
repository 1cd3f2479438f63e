from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.diagram import DEFAULTS, DOCUMENT, KEEPERS, diagram, filled, tables_of, topics_table
from signalstream.agents.registry import AI_AGENT_NAMES
from signalstream.topics import TABLES, all_topics
from tests.docs.documents import REPOSITORY, tracked

TEXT = DOCUMENT.read_text()
DECISIONS = sorted((REPOSITORY / "docs" / "adr").glob("[0-9]*.md"))
PARTS = ("Context", "Decision", "Consequences", "How it was tried")


def test_the_diagram_and_the_table_are_those_of_the_code() -> None:
    assert filled(TEXT) == TEXT, "out of date; run .venv/bin/python -m scripts.diagram --write"


@pytest.mark.parametrize("marker", ["<!-- topics: begin -->", "<!-- topics: end -->", "<!-- diagram: begin -->"])
def test_a_document_without_its_markers_is_refused_and_not_filled(marker: str) -> None:
    with pytest.raises(ValueError, match="put them back"):
        filled(TEXT.replace(marker, ""))


def test_what_stands_around_the_markers_is_kept() -> None:
    emptied = re.sub(r"(<!-- (\w+): begin -->\n).*?(<!-- \2: end -->)", r"\1\3", TEXT, flags=re.DOTALL)
    assert len(emptied) < len(TEXT)
    assert filled(emptied) == TEXT


def test_every_topic_every_table_and_every_ai_agent_is_drawn() -> None:
    drawn, listed = diagram(), topics_table()
    assert [spec.name for spec in all_topics(DEFAULTS) if f"`{spec.name}`" not in listed] == []
    assert [name for name in AI_AGENT_NAMES if f'{name}["{name}"]:::ai' not in drawn] == []
    assert [table for table in TABLES if f'[("{table}")]' not in drawn] == []


def test_each_part_of_the_core_is_drawn_at_the_tables_that_it_is_given() -> None:
    assert {keeper: tables_of(keeper) for keeper in KEEPERS} == {
        "conversation": ("conversations", "erasures"),
        "aggregation": TABLES,
        "window sweep": ("windows",),
        "erasure sweep": ("erasures",),
        "retention sweep": ("conversations", "windows"),
        "GET views": TABLES,
    }


def test_the_layout_names_every_room_and_no_other() -> None:
    package = REPOSITORY / "signalstream"
    rooms = {f"signalstream/{path.relative_to(package).parts[0]}" for path in tracked() if package in path.parents}
    data = {"signalstream/samples", "signalstream/__init__.py"}
    named = set(re.findall(r"`(signalstream/[\w.]+)`", TEXT.partition("## Layout and layers")[2].partition("\n## ")[0]))
    assert named == rooms - data


def test_every_module_of_streaming_that_makes_up_for_faust_has_its_rule() -> None:
    rules = TEXT.partition("## The rules of delivery")[2].partition("\n## ")[0]
    for module in (REPOSITORY / "signalstream" / "streaming").glob("*.py"):
        upstream = set(re.findall(r"#\d+", module.read_text().split('"""')[1]))
        assert not upstream or (module.name in rules and upstream <= set(re.findall(r"#\d+", rules))), module.name


def test_decisions_are_numbered_without_a_hole_and_indexed_with_their_titles() -> None:
    index = (REPOSITORY / "docs" / "adr" / "README.md").read_text()
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    assert re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index) == [path.name for path in DECISIONS]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_why_what_follows_and_how_it_was_tried(decision: Path) -> None:
    text = decision.read_text()
    assert text.startswith(f"# {decision.name[:4]} ")
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert tuple(part.partition("\n")[0] for part in parts) == PARTS
    assert all(part.partition("\n")[2].strip() for part in parts)
