"""What docs/PII.md says of the types, the policy file and the countries is what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from signalstream.ai.evaluation.pii import read_labelled
from signalstream.ai.local.pii import PatternDetector
from signalstream.ai.local.pii_policy import load_policies
from signalstream.ai.local.pii_types import TYPES
from signalstream.ai.local.pii_words import KINDS
from tests.ai.local import test_pii, test_pii_accounts
from tests.docs.documents import REPOSITORY, blocks

GUIDE = REPOSITORY / "docs" / "PII.md"
# Kinds whose samples stand in other tests than the two tables below.
ELSEWHERE = {"private_key", "vat_number"}
MORE = {
    "mac_address": "router 00:1A:2B:3C:4D:5E",
    "coordinates": "at 51.50735, -0.12776 now",
    "username": "username: jdoe_77",
    "security_answer": "the security answer is Rosebud",
    "url": "see https://www.jane-doe.example/me",
}


def test_the_table_of_types_is_the_codes() -> None:
    table = re.search(r"<!-- types: begin -->\n(.*?)<!-- types: end -->", GUIDE.read_text(), re.DOTALL)
    assert table is not None
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table[1], re.MULTILINE)
    assert dict(rows) == dict(TYPES)
    assert len(rows) >= 30


def test_every_type_is_found_in_some_sample_and_nothing_is_found_that_has_no_type() -> None:
    samples = [text for text, _, _ in (*test_pii.FOUND, *test_pii_accounts.FOUND)] + list(MORE.values())
    found = {span.kind for text in samples for span in PatternDetector().find(text)}
    assert found | ELSEWHERE == set(TYPES)
    assert set(KINDS.values()) <= set(TYPES)


def test_each_more_of_a_type_is_found_as_that() -> None:
    for kind, text in MORE.items():
        assert kind in {span.kind for span in PatternDetector().find(text)}, kind


def test_the_policy_file_of_the_guide_is_one(tmp_path: Path) -> None:
    policy, labelled = blocks(GUIDE, "json")
    path = tmp_path / "policy.json"
    path.write_text(policy)
    assert set(load_policies(path).tenants) == set(json.loads(policy)["tenants"])
    [example] = read_labelled(labelled.splitlines())
    assert example.text[example.entities[0].start : example.entities[0].end] == "Jane Doe"
