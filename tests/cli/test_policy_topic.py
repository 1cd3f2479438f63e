from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from signalstream.cli.policies import changed
from signalstream.cli.policy_topic import Log, PolicyTopic, write
from signalstream.errors import ConfigurationError
from signalstream.models.policy import TenantPolicy
from signalstream.policies import PolicyRows, row_of
from signalstream.settings import Settings

NOBODY = TenantPolicy(tenant_id="acme")
SEALED = {"originals": "redacted_and_sealed_original"}
PASS = {"detector_failure": "pass"}


class Topic(PolicyTopic):
    """The row of acme. ``before`` is what others write before each of a command's writings, ``after`` after each."""

    def __init__(self, log: Log, before: list[Log], after: list[Log]) -> None:
        super().__init__(Settings(_env_file=None))
        self.log, self.before, self.after = log, before, after

    async def read(self, _tenant: str = "") -> tuple[PolicyRows, Log]:
        rows = self.empty()
        for value in self.log:
            rows.apply(b"acme", value)
        return rows, list(self.log)

    async def append(self, row: tuple[bytes, bytes | None]) -> None:
        self.log += self.before.pop(0) if self.before else []
        self.log += [row[1], *(self.after.pop(0) if self.after else [])]


def row(*changes: Mapping[str, str]) -> bytes | None:
    policy = NOBODY
    for each in changes:
        policy = changed(policy, each)
    return row_of(policy)[1]


def deciding(changes: Mapping[str, str]) -> Callable[[PolicyRows], TenantPolicy]:
    return lambda rows: changed(rows.own.get("acme") or NOBODY, changes)


@pytest.mark.parametrize("known", [None, row({"retention_windows_days": "3"})])
async def test_of_two_commands_at_once_both_decisions_hold(known: bytes | None) -> None:
    topic = Topic([known] if known else [], [[row(SEALED)]], [])

    assert await write(topic, changed(NOBODY, PASS), known, deciding(PASS)) is True

    rows, log = await topic.read()
    assert (rows.of("acme").originals, rows.of("acme").detector_failure) == (SEALED["originals"], "pass")
    assert len(log) == (1 if known else 0) + 3


async def test_who_was_overwritten_leaves_it_to_who_did_so() -> None:
    topic = Topic([], [], [[row(SEALED)]])
    assert await write(topic, changed(NOBODY, PASS), None, deciding(PASS)) is False
    assert (await topic.read())[1] == [row(PASS), row(SEALED)]


async def test_a_decision_that_nobody_disturbs_is_written_once() -> None:
    topic = Topic([row(SEALED), None], [], [])
    assert await write(topic, changed(NOBODY, PASS), None, deciding(PASS)) is False
    assert (await topic.read())[1] == [row(SEALED), None, row(PASS)]


async def test_where_commands_cannot_be_told_apart_any_more_it_says_so() -> None:
    topic = Topic([], [[row(SEALED)]], [[row({"retention_windows_days": "3"})]])
    with pytest.raises(ConfigurationError, match=r"several commands .* policies show --tenant acme"):
        await write(topic, changed(NOBODY, PASS), None, deciding(PASS))
