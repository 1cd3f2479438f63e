from __future__ import annotations

import re

import pytest

from tests.docs.documents import REPOSITORY

DOCUMENT = REPOSITORY / "docs" / "SECURITY.md"
TEXT = DOCUMENT.read_text()
PROMISES = TEXT.partition("\n## What is promised\n")[2].partition("\n## ")[0]
ROWS = [line for line in PROMISES.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
SHOWN = re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)", PROMISES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:50])
def test_every_promise_names_a_test_that_shows_it(row: str) -> None:
    assert re.findall(r"\[`test_\w+`\]\(", row)


@pytest.mark.parametrize(("name", "path"), SHOWN)
def test_every_test_that_is_named_exists(name: str, path: str) -> None:
    assert f"def {name}(" in (REPOSITORY / path).read_text()


def test_the_document_has_promises_and_what_is_none_and_how_to_report() -> None:
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    assert {"The threat model", "What is promised", "What is not promised", "How to report a hole"} <= set(headings)
    assert len(ROWS) > 20
