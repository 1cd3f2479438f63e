"""What docs/URGENCY.md says of the rubric, the targets and the standings is what the code does."""

from __future__ import annotations

import re

from signalstream.ai.local.advice import BY_STANDING, RESOLUTION_TARGETS
from signalstream.core.standing import Standing
from signalstream.core.urgency import RUBRIC, assess_urgency
from tests.docs.documents import REPOSITORY

GUIDE = (REPOSITORY / "docs" / "URGENCY.md").read_text()


def rows(name: str) -> list[tuple[str, ...]]:
    table = re.search(rf"<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->", GUIDE, re.DOTALL)
    assert table is not None
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table[1].splitlines()[2:]]


def test_the_rubric_is_the_codes_line_by_line() -> None:
    assert [(level, reason) for level, reason, _ in rows("rubric")] == [(rule.level, rule.reason) for rule in RUBRIC]


def test_each_example_has_the_level_and_the_reason_of_its_line() -> None:
    for level, reason, example in rows("rubric"):
        verdict = assess_urgency(example)
        assert (verdict.urgency, reason in verdict.reasons) == (level, True), example
    assert assess_urgency("this is not urgent, ignore the smoke").urgency == "Critical"


def test_the_targets_are_the_codes() -> None:
    assert dict(rows("targets")) == {level.value: target for level, target in RESOLUTION_TARGETS.items()}


def test_the_standings_are_the_codes_in_their_order_with_their_first_action() -> None:
    listed = [(name, action) for name, _, action in rows("standing")]
    assert listed == [(one.value, next(iter(BY_STANDING[one]), "-")) for one in Standing]
