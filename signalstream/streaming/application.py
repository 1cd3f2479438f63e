"""The Faust app of this project: the mended parts chosen, the defaults that lose messages corrected."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable, Container, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import faust
import structlog
from yarl import URL

from signalstream.core.progress import Position
from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.settings import Settings
from signalstream.streaming.assignor import MendedAssignor
from signalstream.streaming.clients import connection
from signalstream.streaming.confirmed_table import ConfirmedTable
from signalstream.streaming.consumer import MendedTransport
from signalstream.streaming.ending import CRASH_SECONDS, end_within, say
from signalstream.streaming.hand_over import let_go_in_time
from signalstream.streaming.load import Pace
from signalstream.streaming.pacing import idle_pace
from signalstream.streaming.recovery import MendedTableManager

WRITTEN_FOR = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}
COMPILED = ("faust._cython.streams", "faust._cython.windows", "faust.transport._cython.conductor")
MAX_POLL_INTERVAL_SECONDS = 1_000_000.0  # an idle or backlogged member would leave its group and never return
PRODUCER_REQUEST_BYTES = 1_000_000
PRODUCER_BATCH_BYTES = 256_000  # one batch of a partition is in a request: 16 kB are three rows
# A member learns of a rebalance by its next heartbeat, so this is what every hand-over waits for first. Faust's and
# Kafka's 3 s made it the longest part of one; at a twentieth of the session it is half a second by default.
HEARTBEATS_IN_A_SESSION = 20
log = structlog.get_logger()


class SignalWorker(faust.Worker):
    """Faust's worker, which refuses to start with one line and exit code 2 when the preflight finds a fault.

    After a crash it ends with code 1 within 15 s, and the last line says why.
    """

    def execute_from_commandline(self) -> None:
        """Run the preflight, then the app until a signal ends it."""
        try:
            self.loop.run_until_complete(self.app.preflight())
        except (ConfigurationError, BrokerUnavailableError) as error:
            say(error)
            raise SystemExit(2) from None
        try:
            super().execute_from_commandline()
        finally:
            if self.crash_reason is not None:
                say(self.crash_reason)

    def _crash(self, reason: BaseException) -> None:
        if self.crash_reason is None:
            end_within(CRASH_SECONDS, reason)
        super()._crash(reason)


class SignalApp(faust.App):
    """A Faust app with our consumer, our recovery and a memory of which generation is ready."""

    def __init__(
        self,
        *args: Any,
        preflight: Callable[[], Awaitable[None]] | None = None,
        fetch_wait_seconds: float = 0.5,
        fast_paths: bool = True,
        pace: Pace = idle_pace,
        **options: Any,
    ) -> None:
        self.fetch_wait_seconds = fetch_wait_seconds
        self.fast_paths = fast_paths
        self.pace = pace
        self.ready_generation: int | None = None
        self.recovered_callbacks: list[Callable[[], None]] = []
        self.hand_over_callbacks: list[Callable[[], None]] = []
        self.left_callbacks: list[Callable[[], Awaitable[None]]] = []
        self.handing_over = self._leaving = False
        self.in_flight: dict[str, Callable[[], int]] = {}  # by stage: how many records are in work
        self._preflight = preflight
        super().__init__(
            *args,
            TableManager=MendedTableManager,
            Table=ConfirmedTable,
            Worker=SignalWorker,
            PartitionAssignor=MendedAssignor,
            **options,
        )

    async def preflight(self) -> None:
        """Check what must be in place before anything joins a group. Raises ConfigurationError."""
        if self._preflight is not None:
            await self._preflight()

    def on_recovered(self, generation_id: int) -> None:
        """Remember that the tables and streams of ``generation_id`` are in place."""
        self.ready_generation = generation_id
        for callback in self.recovered_callbacks:
            callback()

    @property
    def is_ready(self) -> bool:
        """Say whether the app has joined its group, recovered its tables and is not rebalancing."""
        return (
            self.ready_generation is not None
            and self.ready_generation == self.consumer_generation_id
            and not self.rebalancing
            and not self.in_recovery
            and not self.should_stop  # its tables are closed already while its server still answers
        )

    def positions(self) -> dict[str, Position]:
        """Return, for each partition of the agents' topics, where it is committed to and where its log ends."""
        consumer = self.consumer
        found = {}
        for tp in consumer.assignment():
            end = consumer.highwater(tp) if self.topics.acks_enabled_for(tp.topic) else None
            if end is not None:
                found[f"{tp.topic}-{tp.partition}"] = Position(consumer.done_to(tp, end), end)
        return found

    def way_to_ready(self) -> dict[str, Position]:
        """Return how far an app has come that is not ready: each generation and each changelog record moves it on."""
        offsets = self.tables.recovery.active_offsets.values() if self.tables else ()
        come = self.consumer_generation_id + sum(offset or 0 for offset in offsets)
        return {"way to ready": Position(come, come + 1)}

    async def _consumer_wait_empty(self, consumer: Any, logger: Any) -> None:
        """Begin nothing more, wait for what is in work, and let go in time of what may be let go: others wait."""
        self.handing_over = True
        try:
            await let_go_in_time(super()._consumer_wait_empty(consumer, logger), self.hand_over_callbacks)
        finally:
            self.handing_over = self._leaving
        if self._leaving:
            await consumer.stop()
            for callback in self.left_callbacks:
                await callback()

    async def _stop_consumer(self) -> None:
        """Stop what the consumer feeds, and leave the group as soon as what was in work is done and committed.

        Upstream leaves after everything else has stopped: the tables, and the hosted apps with their slow analyses.
        Until then the partitions belong to a worker that does nothing with them.
        """
        self._leaving = True
        await super()._stop_consumer()

    def _new_transport(self) -> Any:
        return MendedTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Any:
        return MendedTransport(self.conf.broker_producer, self)


def new_app(
    app_id: str,
    settings: Settings,
    *,
    web: Mapping[str, Any] | None = None,
    logging_config: Mapping[str, Any] | None = None,
    preflight: Callable[[], Awaitable[None]] | None = None,
    standby_replicas: int = 0,
    pace: Pace = idle_pace,
) -> SignalApp:
    """Return an app with the delivery settings that this project's promises rest on.

    ``web`` holds options of Faust's web server for the app that serves it; without it the app serves none.
    """
    return SignalApp(
        app_id,
        broker=[URL(f"kafka://{broker}") for broker in settings.kafka_brokers],
        broker_credentials=connection(settings).faust_credentials(),
        datadir=str(Path(settings.data_dir) / app_id),
        store="rocksdb://?driver=rocksdict",
        autodiscover=False,
        logging_config=logging_config,
        preflight=preflight,
        fetch_wait_seconds=settings.fetch_wait_seconds,
        fast_paths=settings.fast_paths,
        pace=pace,
        table_standby_replicas=standby_replicas,
        consumer_group_instance_id=_instance_id(app_id, settings),
        **_delivery(settings),
        **(web or {"web_enabled": False}),
    )


def _delivery(settings: Settings) -> dict[str, Any]:
    session = settings.session_timeout_seconds
    return {
        "processing_guarantee": "at_least_once",
        "key_serializer": "raw",
        "value_serializer": "raw",
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "topic_partitions": settings.partitions,
        "topic_replication_factor": settings.replication_factor,
        "producer_acks": -1,
        "producer_max_request_size": PRODUCER_REQUEST_BYTES,
        "producer_max_batch_size": PRODUCER_BATCH_BYTES,
        "producer_linger_ms": round(settings.linger_seconds * 1000),
        "broker_session_timeout": session,
        "broker_heartbeat_interval": session / HEARTBEATS_IN_A_SESSION,
        "broker_rebalance_timeout": settings.rebalance_timeout_seconds,
        "broker_request_timeout": max(30.0, session),
        "broker_max_poll_interval": MAX_POLL_INTERVAL_SECONDS,
        "broker_commit_interval": settings.commit_interval_seconds,
        "stream_buffer_maxsize": settings.stream_buffer_messages,
        "stream_wait_empty": True,
        "consumer_auto_offset_reset": "earliest",
        "web_tables_enabled": False,
        "web_router_enabled": False,
        "web_metrics_enabled": False,
        "worker_redirect_stdouts": False,
    }


def _instance_id(app_id: str, settings: Settings) -> str | None:
    return f"{app_id}-{settings.static_membership_id}" if settings.static_membership_id else None


def check_versions() -> None:
    """Warn loudly when the installed Faust is not the one that the mended parts were written for."""
    for package, expected in WRITTEN_FOR.items():
        installed = version(package)
        if installed != expected:
            log.warning(
                "streaming.untested_version",
                package=package,
                installed=installed,
                written_for=expected,
                remedy="run `signalstream doctor`: it names the tests to run before trusting this combination",
            )


def say_fast_paths(fast_paths: bool, loaded: Container[str] = sys.modules) -> None:
    """Say which short ways records take here, and warn when Faust runs without its compiled parts."""
    missing = [name for name in COMPILED if name not in loaded]
    log.info("streaming.fast_paths", posting=fast_paths, one_loop=fast_paths, compiled=not missing)
    if missing:
        log.warning(
            "streaming.not_compiled",
            missing=missing,
            remedy="install faust-streaming from a wheel for this Python, and leave NO_CYTHON unset",
        )


def set_log_levels(level: str) -> None:
    """Put the levels back that Faust's start-up changed: its spinner sets the root logger to DEBUG (0.15.3)."""
    logging.getLogger().setLevel(max(logging.INFO, logging.getLevelName(level)))
    logging.getLogger("signalstream").setLevel(level)
