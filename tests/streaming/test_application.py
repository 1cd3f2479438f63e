from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP
from structlog.testing import capture_logs

from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.settings import Settings
from signalstream.streaming import application
from signalstream.streaming.application import (
    SignalApp,
    SignalWorker,
    check_versions,
    new_app,
    say_fast_paths,
    set_log_levels,
)
from signalstream.streaming.consumer import MendedTransport
from signalstream.streaming.hand_over import GRACE_SECONDS


def settings(path: Path, **changes: object) -> Settings:
    return Settings(_env_file=None, data_dir=path, **changes)  # type: ignore[arg-type]


@pytest.fixture
def app(tmp_path) -> SignalApp:
    return new_app("offline", settings(tmp_path, kafka_brokers=("one:1", "two:2"), partitions=3))


def test_the_defaults_that_lose_messages_are_corrected(app):
    conf = app.conf

    assert conf.stream_wait_empty is True
    assert conf.topic_allow_declare is False
    assert conf.topic_disable_leader is True
    assert conf.producer_acks == -1
    assert conf.broker_max_poll_interval >= 1_000_000
    assert conf.consumer_auto_offset_reset == "earliest"
    assert (conf.key_serializer, conf.value_serializer) == ("raw", "raw")
    assert conf.topic_partitions == 3
    assert 64 <= conf.stream_buffer_maxsize <= 256


def test_faust_pages_are_off_and_the_names_are_ours(app, tmp_path):
    assert [app.conf.web_tables_enabled, app.conf.web_router_enabled, app.conf.web_enabled] == [False] * 3
    assert app.conf.id == "offline"
    assert str(app.conf.datadir).startswith(str(tmp_path / "offline"))
    assert [str(url) for url in app.conf.broker] == ["kafka://one:1", "kafka://two:2"]


def test_both_transports_are_the_mended_ones(app):
    assert isinstance(app.transport, MendedTransport)
    assert isinstance(app.producer_transport, MendedTransport)


async def test_on_the_way_to_being_ready_each_generation_and_each_changelog_record_is_a_step(app):
    seen = [app.way_to_ready()]
    app.consumer_generation_id += 1
    seen.append(app.way_to_ready())
    app.Table("rows")
    app.tables.recovery.active_offsets[TP("rows-changelog", 0)] = 7
    seen.append(app.way_to_ready())

    assert [position["way to ready"].committed for position in seen] == [0, 1, 8]
    assert all(position["way to ready"].lag for position in seen)


def test_a_static_member_id_is_different_for_each_app_of_a_process(tmp_path):
    one, other = (new_app(name, settings(tmp_path, static_membership_id="w1")) for name in ("one", "other"))

    assert (one.conf.consumer_group_instance_id, other.conf.consumer_group_instance_id) == ("one-w1", "other-w1")


def test_the_heartbeat_fits_the_session(tmp_path):
    short = new_app("offline", settings(tmp_path, session_timeout_seconds=6)).conf

    assert short.broker_heartbeat_interval * 3 <= short.broker_session_timeout
    assert short.broker_heartbeat_interval < 0.5
    assert short.broker_request_timeout > short.broker_session_timeout


def test_an_app_is_ready_once_the_generation_it_is_in_has_recovered(app):
    told: list[int] = []
    app.recovered_callbacks.append(lambda: told.append(1))
    assert not app.is_ready

    app.consumer_generation_id, app.rebalancing = 3, False
    app.on_recovered(3)
    assert app.is_ready
    assert told == [1]
    app.rebalancing = True
    assert not app.is_ready
    app.rebalancing, app.consumer_generation_id = False, 4
    assert not app.is_ready


async def test_an_app_that_stops_is_not_ready_any_more(app):
    app.consumer_generation_id, app.rebalancing = 1, False
    app.on_recovered(1)
    app._stopped.set()

    assert not app.is_ready


@dataclass
class Busy:
    """A consumer with work that ends when it is let go."""

    done: asyncio.Event = field(default_factory=asyncio.Event)
    noted: list[str] = field(default_factory=list)

    async def wait_empty(self) -> None:
        await self.done.wait()
        self.noted.append("empty")

    async def stop(self) -> None:
        self.noted.append("left")


async def test_a_hand_over_waits_a_moment_for_work_and_then_lets_it_go(app):
    consumer = Busy()
    app.hand_over_callbacks.append(consumer.done.set)
    clock = asyncio.get_running_loop().time
    began = clock()

    await app._consumer_wait_empty(consumer, logging.getLogger())

    assert clock() - began > GRACE_SECONDS - 0.01
    assert consumer.noted == ["empty"]


async def test_nothing_more_may_begin_from_a_hand_over_on_until_it_is_over(app):
    consumer = Busy()
    waiting = asyncio.create_task(app._consumer_wait_empty(consumer, logging.getLogger()))
    await asyncio.sleep(0)
    assert app.handing_over
    consumer.done.set()
    await waiting

    assert not app.handing_over


async def test_an_app_that_stops_leaves_its_group_as_soon_as_its_work_is_done(app):
    consumer = Busy()
    consumer.done.set()
    app._leaving = True

    await app._consumer_wait_empty(consumer, logging.getLogger())

    assert consumer.noted == ["empty", "left"]
    assert app.handing_over


async def test_the_preflight_is_the_one_that_was_given(tmp_path):
    async def refuse() -> None:
        raise ConfigurationError("a topic is missing")

    with pytest.raises(ConfigurationError, match="a topic is missing"):
        await new_app("offline", settings(tmp_path), preflight=refuse).preflight()
    await new_app("offline", settings(tmp_path)).preflight()


class LoopOnly:
    """An event loop as the worker uses it before it starts anything."""

    def run_until_complete(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run(work)


@pytest.mark.parametrize("error", [ConfigurationError("a topic is missing"), BrokerUnavailableError("no broker")])
def test_a_worker_whose_preflight_fails_ends_with_one_line_and_exit_code_2(tmp_path, capfd, error):
    async def refuse() -> None:
        raise error

    worker = object.__new__(SignalWorker)
    worker.app = new_app("offline", settings(tmp_path), preflight=refuse)
    worker.loop = LoopOnly()  # type: ignore[assignment]

    with pytest.raises(SystemExit) as caught:
        worker.execute_from_commandline()

    assert caught.value.code == 2
    assert capfd.readouterr().err == f"signalstream: {error}\n"


def test_the_installed_versions_are_those_that_the_mended_parts_were_written_for():
    with capture_logs() as logs:
        check_versions()

    assert logs == []
    assert set(application.WRITTEN_FOR) == {"faust-streaming", "aiokafka"}


@pytest.mark.parametrize("fast_paths", [True, False])
def test_one_line_says_which_short_ways_are_on_and_that_faust_is_compiled(fast_paths):
    with capture_logs() as logs:
        say_fast_paths(fast_paths)

    assert logs == [
        {
            "event": "streaming.fast_paths",
            "log_level": "info",
            "posting": fast_paths,
            "one_loop": fast_paths,
            "compiled": True,
        },
    ]


def test_a_faust_that_is_not_compiled_is_warned_of_by_name():
    with capture_logs() as logs:
        say_fast_paths(True, loaded=application.COMPILED[1:])

    assert [line["log_level"] for line in logs] == ["info", "warning"]
    assert logs[0]["compiled"] is False
    assert logs[1]["missing"] == [application.COMPILED[0]]


@pytest.mark.parametrize("fast_paths", [True, False])
def test_a_setting_sends_records_faust_s_own_ways(tmp_path, fast_paths):
    assert new_app("offline", settings(tmp_path, fast_paths=fast_paths)).fast_paths is fast_paths


@pytest.fixture
def _levels():
    loggers = [logging.getLogger(), logging.getLogger("signalstream")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.mark.usefixtures("_levels")
def test_only_our_own_lines_can_be_as_detailed_as_debug():
    set_log_levels("DEBUG")

    assert logging.getLogger().level == logging.INFO
    assert logging.getLogger("signalstream").level == logging.DEBUG
