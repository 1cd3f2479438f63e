from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

import pytest
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from aiokafka.errors import GroupAuthorizationFailedError, GroupLoadInProgressError

from signalstream.settings import Settings
from signalstream.streaming.groups import LOADING_SECONDS, Group, describe, versions_in_use
from tests.virtual_time import in_virtual_time

SETTINGS = Settings(_env_file=None, app_id="shop")


class Answer(NamedTuple):
    groups: list[tuple[Any, ...]]


def member(url: str | None) -> tuple[Any, ...]:
    told = json.dumps({"url": url}).encode() if url else b"no JSON"
    metadata = ConsumerProtocolMemberMetadata(0, ["t"], told).encode()
    return ("id", "client", "/10.0.0.1", metadata, b"")


class FakeAdmin:
    """Knows groups by name; answers for one at a time only, as aiokafka 0.14 can."""

    def __init__(self, code: int = 0, **members: list[tuple[Any, ...]]) -> None:
        self._code = code
        self._members = {name.replace("_", "-"): each for name, each in members.items()}

    async def list_consumer_groups(self) -> list[tuple[str, str]]:
        return [(name, "consumer") for name in self._members]

    async def describe_consumer_groups(self, names: list[str]) -> list[Answer]:
        (name,) = names
        members = self._members.get(name, [])
        return [Answer([(self._code, name, "Stable" if members else "Empty", "consumer", "range", members)])]


async def test_a_group_has_its_members_hosts_and_the_urls_that_faust_tells() -> None:
    admin = FakeAdmin(shop=[member("http://10.0.0.1:8000/"), member(None)])
    assert (await describe(admin, ["shop"]))["shop"] == Group(
        "shop", "Stable", ("10.0.0.1", "10.0.0.1"), ("http://10.0.0.1:8000",)
    )


async def test_a_group_that_may_not_be_seen_is_an_error() -> None:
    with pytest.raises(GroupAuthorizationFailedError, match="group shop"):
        await describe(FakeAdmin(code=30, shop=[]), ["shop"])


class LoadingAdmin(FakeAdmin):
    """Reads its groups for so many seconds before it tells them."""

    def __init__(self, seconds: float) -> None:
        super().__init__(shop=[member(None)])
        self._seconds = seconds
        self._began: float | None = None

    async def list_consumer_groups(self) -> list[tuple[str, str]]:
        now = asyncio.get_running_loop().time()
        self._began = now if self._began is None else self._began
        if now < self._began + self._seconds:
            raise GroupLoadInProgressError("reading")
        return await super().list_consumer_groups()


def test_a_broker_that_still_reads_its_groups_is_waited_for_but_not_for_ever() -> None:
    async def law() -> None:
        assert sorted(await versions_in_use(LoadingAdmin(LOADING_SECONDS - 1), SETTINGS)) == [1]
        with pytest.raises(GroupLoadInProgressError):
            await versions_in_use(LoadingAdmin(LOADING_SECONDS + 1), SETTINGS)

    in_virtual_time(law())


async def test_versions_in_use_are_those_with_workers_and_no_other_apps_groups() -> None:
    admin = FakeAdmin(shop=[member(None)], shop_v2=[], shop_v13=[member(None)], shop_sentiment=[member(None)],
                      shop_v2x=[member(None)], workshop=[member(None)])  # fmt: skip
    assert sorted(await versions_in_use(admin, SETTINGS)) == [1, 13]


@pytest.mark.parametrize(
    ("state", "in_use"), [("Empty", False), ("Dead", False), ("Stable", True), ("PreparingRebalance", True)]
)
def test_a_group_is_in_use_until_the_broker_has_noticed_that_nobody_is_there(state: str, in_use: bool) -> None:
    assert Group("shop", state).in_use is in_use
