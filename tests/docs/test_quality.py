"""What docs/QUALITY.md says of the formats is what the readers take, and each example is one."""

from __future__ import annotations

import re
from pathlib import Path

from signalstream.ai.evaluation.published import published_sets
from signalstream.ai.evaluation.sets import TASKS, own_sets
from tests.ai.evaluation.test_sets import laid_out
from tests.docs.documents import REPOSITORY

GUIDE = (REPOSITORY / "docs" / "QUALITY.md").read_text()


def formats() -> list[tuple[str, str]]:
    table = re.search(r"<!-- formats: begin -->\n(.*?)<!-- formats: end -->", GUIDE, re.DOTALL)
    assert table is not None
    return re.findall(r"^\| `(\S+)` \| `(.+?)` \| .+ \|$", table[1], re.MULTILINE)


def test_every_task_is_listed_and_its_example_is_read(tmp_path: Path) -> None:
    assert [name.partition("*")[0] for name, _ in formats()] == list(TASKS)
    for name, line in formats():
        (tmp_path / name.replace("*", "-example")).write_text(line)
    assert [(each.task, len(each.records)) for each in own_sets(tmp_path, TASKS)] == [(task, 1) for task in TASKS]


def test_every_published_set_that_is_read_is_named(tmp_path: Path) -> None:
    folders = [path.name for path in laid_out(tmp_path).iterdir()]
    named = {each.name.removesuffix(", questions") for each in published_sets(tmp_path, TASKS)}
    assert len(named) == len(folders)
    assert [name for name in folders if f"`{name}/`" not in GUIDE] == []
