"""The core: the agents that keep the tables, what sweeps them, and what reads them."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from signalstream.agents import aggregation, conversation
from signalstream.agents.aggregation import AggregationAgent
from signalstream.agents.conversation import ConversationAgent
from signalstream.agents.erased_files import ErasedFiles, Files
from signalstream.agents.erasure_sweep import ErasureSweep
from signalstream.agents.measuring import Told
from signalstream.agents.registry import AI_AGENT_NAMES
from signalstream.agents.retention_sweep import RetentionSweep
from signalstream.agents.window_sweep import WindowSweep
from signalstream.composition.parts import Parts
from signalstream.core.clock import BrokerClock
from signalstream.core.deadlines import Deadlines
from signalstream.core.merging import InsightState
from signalstream.models.conversation import ConversationState
from signalstream.models.erasure import ErasureMark
from signalstream.streaming.application import SignalApp
from signalstream.streaming.delivery import ProducerOutbox
from signalstream.streaming.loop import run_agent
from signalstream.tables.conversations import conversations_table
from signalstream.tables.erasures import NAME as ERASURES
from signalstream.tables.erasures import erasures_table
from signalstream.tables.insights import insights_table
from signalstream.tables.reader import TableReader
from signalstream.tables.retention import Requests
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import WindowTable, windows_table
from signalstream.topics import (
    AGGREGATED,
    AI_TOPICS,
    CONVERSATION_COMMANDS,
    RAW,
    TURNS,
    WINDOW_COMMANDS,
)

AGGREGATION_IN_FLIGHT = 2_048  # analyses: they wait for one another's conversation, and hold no analyst up


class _Tables(NamedTuple):
    states: TypedTable[ConversationState]
    rows: TypedTable[InsightState]
    windows: WindowTable
    marks: TypedTable[ErasureMark]


def add_core(parts: Parts) -> TableReader:
    """Register the agents and the sweeps of the core on the main app; return what reads its tables."""
    app, deadlines, clock = parts.main, Deadlines(), BrokerClock()
    tables = _Tables(
        conversations_table(app, parts.sealer),
        insights_table(app, parts.sealer),
        windows_table(app, deadlines, parts.sealer),
        erasures_table(app, parts.sealer),
    )
    files = ErasedFiles(tables.marks, lambda: _files(app), clock, parts.settings.erased_files_seconds)
    _add_conversation_agent(parts, tables)
    _add_aggregation_agent(parts, tables, clock, files)
    _add_sweeps(parts, tables, deadlines, clock, files)
    return TableReader(*tables, AI_AGENT_NAMES, parts.settings.window_seconds)


def _add_conversation_agent(parts: Parts, tables: _Tables) -> None:
    joining = ConversationAgent(
        table=tables.states,
        marks=tables.marks,
        outbox=ProducerOutbox(parts.main, parts.sealer),
        turns_topic=parts.topic(TURNS),
        erasures_topic=parts.topic(CONVERSATION_COMMANDS),
        find=parts.rules.find,
        bounds=parts.rules.bounds,
        keep_marks=parts.rules.keep_marks,
        tagger=parts.tagger,
        dropped=parts.drop,
        sealer=parts.sealer,
        foresee=parts.foresee,
    )
    run_agent(
        parts.main,
        parts.stage(conversation.NAME, parts.main),
        (parts.topic(RAW),),
        joining.step,
        in_flight=parts.settings.records_in_flight,
        sealer=parts.sealer,
    )


def _files(app: SignalApp) -> list[Files]:
    return [app.tables[name].data for name in (ERASURES, *(name for name in app.tables if name != ERASURES))]


def _add_aggregation_agent(parts: Parts, tables: _Tables, clock: BrokerClock, files: ErasedFiles) -> None:
    merging = AggregationAgent(
        conversations=tables.states,
        insights=tables.rows,
        windows=tables.windows,
        marks=tables.marks,
        outbox=ProducerOutbox(parts.main, parts.sealer),
        updates_topic=parts.topic(AGGREGATED),
        commands_topic=parts.topic(WINDOW_COMMANDS),
        erasures_topic=parts.topic(CONVERSATION_COMMANDS),
        dropped=parts.drop,
        agents=AI_AGENT_NAMES,
        policy=parts.rules.policy,
        clock=clock,
        sealer=parts.sealer,
        told=Told(AI_AGENT_NAMES, parts.metrics),
        erased=files.erased,
    )
    run_agent(
        parts.main,
        parts.stage(aggregation.NAME, parts.main),
        tuple(parts.topic(spec) for spec in (*AI_TOPICS, WINDOW_COMMANDS, CONVERSATION_COMMANDS)),
        merging.step,
        in_flight=AGGREGATION_IN_FLIGHT,
        together=merging.together,
        enough=len(AI_AGENT_NAMES),  # the analyses of one message
        sealer=parts.sealer,
    )


def _add_sweeps(parts: Parts, tables: _Tables, deadlines: Deadlines, clock: BrokerClock, files: ErasedFiles) -> None:
    app, settings, outbox = parts.main, parts.settings, ProducerOutbox(parts.main, parts.sealer)
    commands, erasures = parts.topic(WINDOW_COMMANDS), parts.topic(CONVERSATION_COMMANDS)
    windows = WindowSweep(tables.windows, deadlines, outbox, commands, settings.window_sweep_seconds, clock)
    app.recovered_callbacks += [windows.assignment_changed, files.assignment_changed]
    marks = ErasureSweep(tables.marks, outbox, erasures, clock)
    requests = Requests(parts.policies, parts.topic(RAW), commands)
    retention = RetentionSweep(
        tables.states, tables.windows, requests, outbox, parts.audit, clock, settings.retention_sweep_seconds
    )
    for run in (windows.run, marks.run, retention.run, files.run):
        app.task(partial(run, app))
