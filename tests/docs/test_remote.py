"""What docs/REMOTE.md says of a remote model's condition is what the code shows."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

from signalstream.ai.remote.calling import layered
from signalstream.ai.remote.usage import OUTCOMES
from signalstream.remote_settings import RemoteSettings
from signalstream.settings import environment_name
from tests.ai.remote.test_calling import names
from tests.docs.documents import REPOSITORY
from tests.fakes import FakeProvider, FixedClock

GUIDE = (REPOSITORY / "docs" / "REMOTE.md").read_text()


def first_cells(table: str) -> list[str]:
    """Return the names in the first column of a table."""
    marked = re.search(rf"<!-- {table}: begin -->\n(.*?)<!-- {table}: end -->", GUIDE, re.DOTALL)
    assert marked is not None
    rows = marked[1].splitlines()[2:]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


async def condition() -> set[str]:
    clock = FixedClock(datetime(2026, 5, 1, tzinfo=UTC))
    return names(layered(FakeProvider(), RemoteSettings(_env_file=None), clock).condition())


def test_every_name_of_the_condition_is_explained_and_no_other() -> None:
    explained = set()
    for name in first_cells("condition"):
        explained |= {name.replace("<outcome>", outcome) for outcome in OUTCOMES}
    assert explained == asyncio.run(condition())


def test_every_outcome_is_explained_and_no_other() -> None:
    assert first_cells("outcomes") == list(OUTCOMES)


def test_every_setting_that_is_named_exists() -> None:
    named = set(re.findall(r"SIGNALSTREAM_[A-Z_]+[A-Z]", GUIDE))
    assert named <= {environment_name(field) for field in RemoteSettings.model_fields}
    assert len(named) >= 6
