"""An AI agent, with the analyst that answers and the order in which turns reach it."""

from __future__ import annotations

from signalstream.agents.analysis import AnalysisAgent, AnalysisKind
from signalstream.agents.measuring import counted_analyses
from signalstream.agents.registry import AI_AGENTS
from signalstream.composition.apps import ai_app_id
from signalstream.composition.parts import Parts
from signalstream.core.clock import SystemClock
from signalstream.streaming.application import SignalApp
from signalstream.streaming.delivery import ProducerOutbox
from signalstream.streaming.loop import run_agent
from signalstream.topics import (
    TURNS,
)


def add_analysis_agents(parts: Parts) -> None:
    """Register the agents of the roles that this process has, each on its app."""
    for kind, app in ai_apps(parts):
        _add(parts, kind, app)
    if parts.remote is not None:
        parts.remote.show(parts.metrics)
        apps = {kind.name: app for kind, app in ai_apps(parts)}
        parts.remote.follow(apps, parts.topic(TURNS), parts.settings.partitions)


def ai_apps(parts: Parts) -> list[tuple[AnalysisKind, SignalApp]]:
    """Return the AI agents of this process' roles, each with its app."""
    by_id = {app.conf.id: app for app in parts.apps}
    ids = {kind: ai_app_id(parts.settings, kind.name) for kind in AI_AGENTS}
    return [(kind, by_id[app_id]) for kind, app_id in ids.items() if app_id in by_id]


def _add(parts: Parts, kind: AnalysisKind, app: SignalApp) -> None:
    settings = parts.settings
    agent = AnalysisAgent(
        kind=kind,
        analyst=parts.analyst,
        outbox=ProducerOutbox(app, parts.sealer),
        output_topic=parts.topic(kind.output),
        deadline_seconds=settings.analysis_deadline_seconds,
        clock=SystemClock(),
        read=parts.read_turn,
        told=counted_analyses(parts.metrics, kind.name),
        hurried=parts.hurried,
    )
    run_agent(
        app,
        parts.stage(kind.name, app),
        (parts.topic(TURNS),),
        agent.step,
        in_flight=settings.remote_analyses_in_flight if parts.remote else settings.analyses_in_flight,
        read_ahead=settings.analyses_read_ahead,
        exhausted=agent.exhausted,
        yields=True,
        # Or a conversation's turns would wait for one another's answers, and none could be superseded.
        in_order=parts.remote is None,
        sealer=parts.sealer,
    )
