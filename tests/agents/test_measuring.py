from __future__ import annotations

from datetime import timedelta

from signalstream.agents.analysis import AnalysisAgent
from signalstream.agents.measuring import Told, counted_analyses
from signalstream.ai.analyst import Answer
from signalstream.core import merging
from signalstream.core.merging import InsightState
from signalstream.errors import AnalystUnavailableError
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import Analysis, AnalysisStatus
from signalstream.models.live import Update
from signalstream.streaming.values import encode
from tests.agents.test_aggregation import Bench
from tests.agents.test_analysis import SENTIMENT, answer
from tests.core.analyses import AGENTS, BEGIN, CONVERSATION, TENANT, analysis, message
from tests.fakes import FixedClock, RecordingMetrics, RecordingOutbox, ScriptedAnalyst
from tests.streaming.events import event

EMPTY = InsightState(tenant_id=TENANT, conversation_id=CONVERSATION)


def answers(seq: int, agents: tuple[str, ...] = AGENTS) -> list[Analysis]:
    return [analysis(agent, seq) for agent in agents]


async def analysed(metrics: RecordingMetrics, given: Answer | BaseException) -> None:
    told, outbox = counted_analyses(metrics, "sentiment"), RecordingOutbox()
    agent = AnalysisAgent(SENTIMENT, ScriptedAnalyst(given), outbox, "ai.sentiment", 1.0, FixedClock(BEGIN), told=told)
    await agent.step(event(encode(Turn(message=message(1), seq=1, message_count=1))))
    assert len(outbox.sent) == 1


async def test_each_analysis_that_is_sent_counts_by_how_it_ended_and_who_answered() -> None:
    metrics = RecordingMetrics()
    await analysed(metrics, answer(SENTIMENT))
    await analysed(metrics, answer(SENTIMENT, degraded="away"))
    await analysed(metrics, AnalystUnavailableError("gone"))
    assert metrics.sums == {
        ("analyses", "sentiment", "ok", "scripted-1"): 1,
        ("analyses", "sentiment", "degraded", "scripted-1"): 1,
        ("analyses", "sentiment", "failed", "scripted"): 1,
    }
    assert len(metrics.durations["analysis_seconds", "sentiment"]) == 3


def test_a_message_is_complete_once_when_the_last_agent_has_answered_for_it() -> None:
    metrics = RecordingMetrics()
    told, row = Told(AGENTS, metrics), EMPTY
    [first, *others] = answers(1)
    now = first.received_at + timedelta(seconds=2)
    for one in (first, *others, first, *others):  # and all of it again
        merged = merging.merge(row, [one])
        told.completed(row, merged, [one], now)
        row = merged
    assert metrics.durations["complete_seconds",] == [2.0]


def test_messages_that_are_answered_together_are_complete_each() -> None:
    metrics = RecordingMetrics()
    both = [*answers(1), *answers(2)]
    now = max(one.received_at for one in both) + timedelta(seconds=1)
    Told(AGENTS, metrics).completed(EMPTY, merging.merge(EMPTY, both), both, now)
    assert sorted(metrics.durations["complete_seconds",]) == [1.0, 2.0]


def test_a_better_answer_that_comes_later_completes_nothing_again() -> None:
    metrics = RecordingMetrics()
    told = Told(AGENTS, metrics)
    lesser = analysis("sentiment", 1, status=AnalysisStatus.DEGRADED)
    row = merging.merge(EMPTY, [lesser, *answers(1, AGENTS[1:])])
    told.completed(row, merging.merge(row, [analysis("sentiment", 1)]), [analysis("sentiment", 1)], BEGIN)
    assert metrics.durations["complete_seconds",] == []


def test_a_clock_that_is_behind_the_brokers_shows_no_negative_duration() -> None:
    metrics = RecordingMetrics()
    Told(AGENTS, metrics).completed(EMPTY, merging.merge(EMPTY, answers(1)), answers(1), BEGIN - timedelta(hours=1))
    assert metrics.durations["complete_seconds",] == [0.0]


async def test_insights_count_by_completeness_and_windows_by_what_closed_them() -> None:
    metrics, bench = RecordingMetrics(), Bench()
    for one in (*answers(1), *answers(30)):
        await bench.take(one)
    updates: list[Update] = bench.updates()
    Told(AGENTS, metrics).updates(updates)
    told = [update.insight.completeness.value for update in updates if update.insight is not None]
    assert {labels[1]: count for labels, count in metrics.sums.items() if labels[0] == "insights_emitted"} == {
        completeness: told.count(completeness) for completeness in set(told)
    }
    assert metrics.sums["windows_closed", "event_time"] == sum(update.window is not None for update in updates) > 0
