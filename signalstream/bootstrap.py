"""The composition root: settings → services → apps. The only place that picks real parts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import structlog

from signalstream.admission import USES_SECONDS, Admission, admission, check_listening
from signalstream.agents import aggregation, conversation
from signalstream.agents.aggregation import AggregationAgent
from signalstream.agents.analysis import AnalysisAgent, AnalysisKind
from signalstream.agents.conversation import ConversationAgent
from signalstream.agents.erasure_sweep import ErasureSweep
from signalstream.agents.measuring import Told, counted_analyses
from signalstream.agents.registry import AI_AGENT_NAMES, AI_AGENTS
from signalstream.agents.retention_sweep import RetentionSweep
from signalstream.agents.window_sweep import WindowSweep
from signalstream.ai.analyst import Analyst, Hurries
from signalstream.ai.choice import choose_analyst
from signalstream.ai.remote.analyst import RemoteAnalyst
from signalstream.auditing import AuditLog
from signalstream.core.clock import BrokerClock, SystemClock
from signalstream.core.deadlines import Deadlines
from signalstream.core.keys import ConversationKey
from signalstream.core.letter_rate import LetterRate
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.core.tags import KeyedTagger
from signalstream.encryption import Encryption, encryption
from signalstream.metrics.metrics import QUIET, EachCounter, Metrics
from signalstream.metrics.prometheus import PrometheusMetrics
from signalstream.models.conversation import Turn
from signalstream.models.live import Update
from signalstream.models.tenant_key import TenantKeyRecord
from signalstream.originals import SealedOriginals
from signalstream.policies import ReplicaPolicies
from signalstream.security.redacting import Redactor
from signalstream.settings import Settings
from signalstream.streaming.application import SignalApp, check_versions, new_app, set_log_levels
from signalstream.streaming.clients import connection
from signalstream.streaming.delivery import ProducerOutbox, Stage
from signalstream.streaming.event_loop import hand_over_quickly, settle_garbage
from signalstream.streaming.hosting import Step, host
from signalstream.streaming.ingest import KafkaIngest
from signalstream.streaming.loop import run_agent, still_ours
from signalstream.streaming.measuring import show_worker
from signalstream.streaming.ownership import TableOwnership
from signalstream.streaming.preflight import check_port, preflight
from signalstream.streaming.readiness import WorkerCondition
from signalstream.streaming.record_at import RecordsAt
from signalstream.streaming.storage import check_data_dir, disk_part
from signalstream.streaming.tail import Tail
from signalstream.streaming.values import RecentlyRead
from signalstream.streaming.versions import check_version
from signalstream.tables import conversations
from signalstream.tables.conversations import conversations_table
from signalstream.tables.erasures import erasures_table
from signalstream.tables.insights import insights_table
from signalstream.tables.reader import TableReader
from signalstream.tables.retention import Requests
from signalstream.tables.rules import Rules, rules_of
from signalstream.tables.windows import windows_table
from signalstream.telemetry import configure_logging, logging_config
from signalstream.tenant_erasure import KeyDestruction
from signalstream.topics import (
    AGGREGATED,
    AI_TOPICS,
    CONVERSATION_COMMANDS,
    DLQ,
    KEYS,
    RAW,
    TURNS,
    WINDOW_COMMANDS,
    TopicSpec,
    topic_name,
)
from signalstream.web.live import LiveConversations
from signalstream.web.services import WebServices
from signalstream.web.site import application_options, attach

CORE = "core"
log = structlog.get_logger()
AGGREGATION_IN_FLIGHT = 2_048  # analyses: they wait for one another's conversation, and hold no analyst up


def build(settings: Settings) -> SignalApp:
    """Return the app that ``faust -A signalstream worker`` runs, with everything that it hosts."""
    configure_logging(settings)
    check_exposure(settings)
    check_data_dir(settings.data_dir)
    encrypting = encryption(settings, _say_made)
    analyst = choose_analyst(settings, KeyedTagger((encrypting.vault if encrypting else UNSEALED).secret_of))
    policies = ReplicaPolicies(settings, connection(settings))
    main = _main_app(settings, encrypting, policies)
    parts = _Parts(settings, analyst, main, (main, *_other_apps(settings)), encrypting, policies)
    services = parts.web_services()
    for kind, app in parts.ai_apps():
        parts.add_analysis_agent(kind, app)
    show_worker(parts.metrics, settings, parts.apps)
    if parts.remote is not None:
        parts.remote.show(parts.metrics)
        apps = {kind.name: app for kind, app in parts.ai_apps()}
        parts.remote.follow(apps, parts.topic(TURNS), settings.partitions)
    attach(main, services, settings, AI_AGENT_NAMES)
    return main


def check_exposure(settings: Settings) -> None:
    """Refuse what this version cannot keep safe. Raises ConfigurationError."""
    check_listening(settings, settings.host)


@dataclass(frozen=True)
class _Parts:
    """What is built once and handed to several: a scratch pad of ``build``."""

    settings: Settings
    analyst: Analyst
    main: SignalApp
    apps: tuple[SignalApp, ...]
    encryption: Encryption | None
    policies: ReplicaPolicies

    @property
    def sealer(self) -> Sealer:
        return self.encryption.vault if self.encryption else UNSEALED

    @cached_property
    def read_turn(self) -> RecentlyRead[Turn]:
        return RecentlyRead(Turn, self.sealer)

    @cached_property
    def rules(self) -> Rules:
        return rules_of(self.settings)

    @cached_property
    def tagger(self) -> KeyedTagger:
        return KeyedTagger(self.sealer.secret_of)

    @cached_property
    def letters(self) -> LetterRate:
        return LetterRate(self.settings.dead_letter_limit, self.settings.dead_letter_span_seconds, time.monotonic)

    @cached_property
    def dropped(self) -> Counter[str]:
        return Counter()

    def _drop(self, what: str) -> None:
        self.dropped[what] += 1

    @cached_property
    def metrics(self) -> Metrics:
        return PrometheusMetrics() if self.settings.metrics == "on" else QUIET

    @cached_property
    def buried(self) -> Callable[[str, str], None]:
        each = EachCounter(self.metrics, "dead_letters")

        def buried(stage: str, reason: str) -> None:
            self.letters.note(stage, reason)
            each[stage, reason]()

        return buried

    @cached_property
    def audit(self) -> AuditLog:
        return AuditLog(self.settings, self.sealer)

    @cached_property
    def hurried(self) -> Analyst | None:
        return self.analyst.in_a_hurry() if isinstance(self.analyst, Hurries) else None

    @property
    def remote(self) -> RemoteAnalyst | None:
        return self.analyst if isinstance(self.analyst, RemoteAnalyst) else None

    def topic(self, spec: TopicSpec) -> str:
        return topic_name(spec, self.settings)

    def stage(self, name: str, app: SignalApp) -> Stage:
        return Stage(
            name=name,
            outbox=ProducerOutbox(app, self.sealer),
            dlq=self.topic(DLQ),
            attempts=self.settings.processing_attempts,
            clock=SystemClock(),
            still_ours=still_ours(app),
            buried=self.buried,
            **({"erased": self.encryption.note_erased} if self.encryption else {}),
        )

    def ai_apps(self) -> list[tuple[AnalysisKind, SignalApp]]:
        by_id = {app.conf.id: app for app in self.apps}
        ids = {kind: ai_app_id(self.settings, kind.name) for kind in AI_AGENTS}
        return [(kind, by_id[app_id]) for kind, app_id in ids.items() if app_id in by_id]

    def add_analysis_agent(self, kind: AnalysisKind, app: SignalApp) -> None:
        settings = self.settings
        agent = AnalysisAgent(
            kind=kind,
            analyst=self.analyst,
            outbox=ProducerOutbox(app, self.sealer),
            output_topic=self.topic(kind.output),
            deadline_seconds=settings.analysis_deadline_seconds,
            clock=SystemClock(),
            read=self.read_turn,
            told=counted_analyses(self.metrics, kind.name),
            hurried=self.hurried,
        )
        run_agent(
            app,
            self.stage(kind.name, app),
            (self.topic(TURNS),),
            agent.step,
            in_flight=settings.remote_analyses_in_flight if self.remote else settings.analyses_in_flight,
            read_ahead=settings.analyses_read_ahead,
            exhausted=agent.exhausted,
            yields=True,
            # Or a conversation's turns would wait for one another's answers, and none could be superseded.
            in_order=self.remote is None,
            sealer=self.sealer,
        )

    def web_services(self) -> WebServices:
        settings = self.settings
        kafka = connection(settings)
        redactor = Redactor(self.rules.find, self.tagger, self.policies, self.sealer, settings.redaction_seconds)
        ingest = KafkaIngest(kafka, self.topic(RAW), settings.produce_timeout_seconds, redactor.redact, self.sealer)
        before: list[Step] = [_start_up(settings), ingest.start, self.analyst.start]
        before += [self.audit.start, self.audit.checkpoint]
        after: list[Step] = [self.analyst.stop, ingest.stop, self.policies.stop, self.audit.stop]
        probes: dict[str, Callable[[], Mapping[str, object]]] = {
            "analyst": self.analyst.health,
            "dead letters": self.letters.probe,
            "policies": self.policies.health,
            "audit log": self.audit.health,
            "redaction": redactor.health,
        }
        if self.encryption is not None:
            after.append(self.encryption.stop)
            probes["encryption"] = self.encryption.health
        door = admission(settings, kafka)
        if door is not None:
            last_uses = partial(door.audit_uses, self.audit, ending=True)
            before, after = [*before, *door.before()], [last_uses, *door.after(), *after]
            probes |= door.probes()
            self._write_uses(door)
        self._keep_audit()
        condition = WorkerCondition(
            self.apps, ingest, probes, settings.stall_seconds, settings.rebalance_timeout_seconds
        )
        check = door.check if door else None
        services = WebServices(operations=condition, authenticator=check, metrics=self.metrics, policies=self.policies)
        if CORE in settings.roles:
            live = LiveConversations(settings.live_conversations)
            tail = Tail(
                kafka,
                self.topic(AGGREGATED),
                settings.partitions,
                settings.live_conversations,
                self._shown(live, ingest),
                model=Update,
                sealer=self.sealer,
            )
            if self.encryption is not None:
                self.encryption.forgetters.append(live.forget_tenant)
            self.metrics.read("websocket_updates_dropped", lambda: {(): live.dropped})
            before.append(tail.start)
            after.insert(0, tail.stop)
            probes["live view"] = tail.health
            probes["disk"] = lambda: disk_part(settings.data_dir, settings.low_disk_megabytes)
            ownership = TableOwnership(self.main, conversations.NAME)
            reader, raw = self._add_core(), RecordsAt(kafka, self.topic(RAW), settings.partitions)
            services = WebServices(condition, ingest, reader, ownership, live, check, self.metrics, self.policies)
            services = replace(services, originals=SealedOriginals(reader, raw, self.sealer, self.audit))
            probes["erasures"] = lambda: {"status": "ok", "records_dropped": dict(self.dropped)}
        tenants = KeyDestruction(self.encryption) if self.encryption is not None else None
        if tenants is not None:
            after.insert(0, tenants.stop)
        host(self.main, self.apps[1:], before, after)
        return replace(services, tenants=tenants, trail=self.audit)

    def _shown(self, live: LiveConversations, ingest: KafkaIngest) -> Callable[[Update], None]:
        def apply(update: Update) -> None:
            live.apply(update)
            if update.generation is not None:
                ingest.forget(ConversationKey(update.tenant_id, update.conversation_id), update.generation)

        return apply

    def _keep_audit(self) -> None:
        app, audit, seconds = self.main, self.audit, self.settings.audit_checkpoint_seconds

        async def checkpoints() -> None:
            while not app.should_stop:
                await app.sleep(seconds)
                await audit.checkpoint()

        app.task(checkpoints)

    def _write_uses(self, door: Admission) -> None:
        app, outbox, topic, audit = self.main, ProducerOutbox(self.main), self.topic(KEYS), self.audit

        async def write_uses() -> None:
            while not app.should_stop:
                await app.sleep(USES_SECONDS)
                await door.write_uses(outbox, topic)
                await door.audit_uses(audit)

        app.task(write_uses)

    def _add_core(self) -> TableReader:
        settings, app, rules = self.settings, self.main, self.rules
        deadlines = Deadlines()
        states, rows, windows, marks = (
            conversations_table(app, self.sealer),
            insights_table(app, self.sealer),
            windows_table(app, deadlines, self.sealer),
            erasures_table(app, self.sealer),
        )
        outbox, clock = ProducerOutbox(app, self.sealer), BrokerClock()
        erasures = self.topic(CONVERSATION_COMMANDS)
        joining = ConversationAgent(
            table=states,
            marks=marks,
            outbox=outbox,
            turns_topic=self.topic(TURNS),
            erasures_topic=erasures,
            find=rules.find,
            bounds=rules.bounds,
            keep_marks=rules.keep_marks,
            tagger=self.tagger,
            dropped=self._drop,
            sealer=self.sealer,
        )
        merging = AggregationAgent(
            conversations=states,
            insights=rows,
            windows=windows,
            marks=marks,
            outbox=outbox,
            updates_topic=self.topic(AGGREGATED),
            commands_topic=self.topic(WINDOW_COMMANDS),
            erasures_topic=erasures,
            dropped=self._drop,
            agents=AI_AGENT_NAMES,
            policy=rules.policy,
            clock=clock,
            sealer=self.sealer,
            told=Told(AI_AGENT_NAMES, self.metrics),
        )
        analyses = tuple(self.topic(spec) for spec in (*AI_TOPICS, WINDOW_COMMANDS, CONVERSATION_COMMANDS))
        in_flight = settings.records_in_flight
        run_agent(
            app,
            self.stage(conversation.NAME, app),
            (self.topic(RAW),),
            joining.step,
            in_flight=in_flight,
            sealer=self.sealer,
        )
        run_agent(
            app,
            self.stage(aggregation.NAME, app),
            analyses,
            merging.step,
            in_flight=AGGREGATION_IN_FLIGHT,
            together=merging.together,
            sealer=self.sealer,
        )
        sweep = WindowSweep(
            windows, deadlines, outbox, self.topic(WINDOW_COMMANDS), settings.window_sweep_seconds, clock
        )
        app.recovered_callbacks.append(sweep.assignment_changed)
        forgetting = ErasureSweep(marks, outbox, erasures, clock)
        requests = Requests(self.policies, self.topic(RAW), self.topic(WINDOW_COMMANDS))
        retention = RetentionSweep(
            states, windows, requests, outbox, self.audit, clock, settings.retention_sweep_seconds
        )

        async def sweep_windows() -> None:
            await sweep.run(app)

        async def sweep_retention() -> None:
            await retention.run(app)

        async def sweep_erasures() -> None:
            await forgetting.run(app)

        app.task(sweep_windows)
        app.task(sweep_erasures)
        app.task(sweep_retention)
        return TableReader(states, rows, windows, marks, AI_AGENT_NAMES, settings.window_seconds)


def ai_app_id(settings: Settings, agent: str) -> str:
    """Return the app id, and so the consumer group, of an AI agent."""
    return f"{settings.app_id}-{agent}"


def _main_app(
    settings: Settings, encrypting: Encryption | None = None, policies: ReplicaPolicies | None = None
) -> SignalApp:
    first = settings.roles[0]
    app_id = settings.core_id() if first == CORE else ai_app_id(settings, first)
    main: SignalApp

    async def check() -> None:
        check_listening(settings, str(main.conf.web_bind))
        check_port(str(main.conf.web_bind), int(main.conf.web_port))
        await preflight(settings)
        if first == CORE:
            await check_version(settings)
        if encrypting is not None:  # before the first consumer, which may meet a sealed value at once
            await encrypting.start()
        if policies is not None:  # before the first record, whose tenant may have decided what becomes of it
            await policies.start()

    main = new_app(
        app_id,
        settings,
        web={"web_application_options": application_options(settings), **_address(settings)},
        logging_config=logging_config(settings),
        preflight=check,
        standby_replicas=settings.standby_replicas if first == CORE else 0,
    )
    return main


def _other_apps(settings: Settings) -> list[SignalApp]:
    return [new_app(ai_app_id(settings, role), settings) for role in settings.roles[1:]]


def _address(settings: Settings) -> dict[str, Any]:
    address = {"web_bind": settings.host, "web_host": settings.host, "web_port": settings.port}
    return address | ({"canonical_url": settings.advertised_url} if settings.advertised_url else {})


def _say_made(record: TenantKeyRecord) -> None:
    log.info("vault.key_made", tenant_id=record.tenant_id, key_id=record.key_id, version=record.version)


def _start_up(settings: Settings) -> Callable[[], Any]:
    async def start_up() -> None:
        set_log_levels(settings.log_level)
        settle_garbage()
        hand_over_quickly()
        check_versions()

    return start_up
