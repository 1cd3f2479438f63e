from __future__ import annotations

import re

import pytest

from scripts.rights import BEGIN, DEFAULTS, DOCUMENT, END, filled, rights_table
from signalstream.settings import ROLES
from signalstream.topics import all_topics

TEXT = DOCUMENT.read_text()
SECTION = TEXT.partition("## A secured Kafka\n")[2].partition("\n## ")[0]


def test_the_table_of_rights_is_that_of_the_table_of_topics() -> None:
    assert filled(TEXT) == TEXT, "out of date; run .venv/bin/python -m scripts.rights --write"


def test_every_role_and_every_topic_is_in_it() -> None:
    table = rights_table()
    assert [role for role in ROLES if f"| `{role}` |" not in table] == []
    assert [spec.name for spec in all_topics(DEFAULTS) if f"`{spec.name}`" not in table] == []


@pytest.mark.parametrize("marker", [BEGIN, END])
def test_a_document_without_its_markers_is_refused(marker: str) -> None:
    with pytest.raises(ValueError, match="put them back"):
        filled(TEXT.replace(marker, ""))


def test_every_setting_of_the_way_to_kafka_is_explained() -> None:
    settings = set(re.findall(r"SIGNALSTREAM_KAFKA_[A-Z_]+", SECTION))
    assert {name.removesuffix("_FILE") for name in settings} == {
        f"SIGNALSTREAM_{field.upper()}".removesuffix("_FILE")
        for field in type(DEFAULTS).model_fields
        if "kafka" in field
    }
