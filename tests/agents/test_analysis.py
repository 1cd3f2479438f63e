from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from signalstream.agents.analysis import AnalysisAgent, AnalysisKind
from signalstream.agents.registry import AI_AGENTS
from signalstream.ai.analyst import Answer
from signalstream.core.reasons import code_of, told
from signalstream.errors import (
    AnalystBadOutputError,
    AnalystRateLimitedError,
    AnalystRefusedError,
    AnalystSupersededError,
    AnalystUnavailableError,
    BrokerUnavailableError,
    UndecodableError,
    UnprocessableError,
)
from signalstream.models.agents import ADDRESSED
from signalstream.models.base import Model
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import Analysis, AnalysisStatus
from signalstream.streaming.values import decode, encode
from tests.core.analyses import BEGIN, message, result_of
from tests.fakes import FixedClock, RecordingOutbox, ScriptedAnalyst
from tests.streaming.events import FakeEvent, event

CANARY = "canary9137"
TURN = Turn(message=message(5, CANARY), seq=5, message_count=5)
SENTIMENT = AI_AGENTS[0]


def answer(kind: AnalysisKind, degraded: str | None = None) -> Answer:
    return Answer(kind.result.model_validate(result_of(kind.name, 1)), "scripted-1", "m-1", degraded)


def agent(analyst: ScriptedAnalyst, outbox: RecordingOutbox, kind: AnalysisKind = SENTIMENT) -> AnalysisAgent:
    return AnalysisAgent(kind, analyst, outbox, f"ai.{kind.name}", 0.03, FixedClock(BEGIN))


def of(turn: Turn) -> FakeEvent:
    return event(encode(turn), headers=[("x-request-id", b"r-1")])


async def analysed(given: Answer | BaseException | None, kind: AnalysisKind = SENTIMENT) -> Analysis:
    outbox = RecordingOutbox()
    await agent(ScriptedAnalyst(given), outbox, kind).step(of(TURN))
    [sent] = outbox.sent
    assert (sent.topic, sent.key, sent.headers) == (f"ai.{kind.name}", b"acme/c-1", [("x-request-id", b"r-1")])
    return decode(Analysis, sent.value)


@pytest.mark.parametrize("key", [None, b"", b"acme", b"\xff", b"acme/c-2", b"zeta/c-1"])
async def test_a_turn_under_another_key_is_refused_before_an_analyst_is_asked(key):
    outbox, analyst = RecordingOutbox(), ScriptedAnalyst(answer(SENTIMENT))

    with pytest.raises(UnprocessableError, match="another conversation"):
        await agent(analyst, outbox).step(event(encode(TURN), key=key))

    assert (analyst.asked, outbox.sent) == ([], [])


@pytest.mark.parametrize("kind", AI_AGENTS, ids=lambda kind: kind.name)
async def test_an_answer_becomes_an_analysis_of_the_turn(kind):
    made = await analysed(answer(kind), kind)

    assert (made.agent, made.seq, made.message_id) == (kind.name, 5, TURN.message.message_id)
    assert (made.tenant_id, made.conversation_id, made.sender) == ("acme", "c-1", "customer")
    assert (made.written_at, made.received_at) == (TURN.message.written_at, TURN.message.received_at)
    assert (made.status, made.reason, made.engine, made.model) == ("ok", None, "scripted-1", "m-1")
    assert kind.result.model_validate(made.result) == answer(kind).result
    assert made.analysed_at == BEGIN


async def test_a_lesser_analysts_answer_says_degraded_and_why():
    made = await analysed(answer(SENTIMENT, degraded="the remote one is away"))

    assert (made.status, made.reason, made.reason_code) == ("degraded", "the remote one is away", "other")
    assert made.result is not None


@pytest.mark.parametrize(
    "error",
    [
        AnalystUnavailableError("away"),
        AnalystRateLimitedError("slow down", 3.0),
        AnalystRefusedError("not this"),
        AnalystBadOutputError("nonsense"),
    ],
)
async def test_an_analyst_that_gives_no_answer_gives_a_failed_analysis_and_no_result(error):
    made = await analysed(error)

    assert (made.status, made.result, made.engine) == ("failed", None, "scripted")
    assert (made.reason, made.reason_code) == (told(code_of(error), AnalysisStatus.FAILED), code_of(error))
    assert str(error) not in str(made.reason)


async def test_an_analyst_that_does_not_answer_in_time_gives_a_failed_analysis():
    made = await analysed(None)

    assert (made.status, made.reason_code) == ("failed", "overdue")
    assert made.latency_ms >= 30


async def test_what_is_overdue_is_degraded_and_not_failed_where_somebody_answers_in_a_hurry():
    outbox = RecordingOutbox()
    hurried = ScriptedAnalyst(answer(SENTIMENT))
    await replace(agent(ScriptedAnalyst(None), outbox), hurried=hurried).step(of(TURN))

    made = decode(Analysis, outbox.sent[0].value)
    assert (made.status, made.reason_code) == ("degraded", "overloaded")
    assert made.result is not None


async def test_a_result_of_another_kind_gives_a_failed_analysis():
    made = await analysed(answer(AI_AGENTS[3]))

    assert (made.status, made.result) == ("failed", None)
    assert made.reason_code == "bad_output"


@pytest.mark.parametrize("error", [ZeroDivisionError("no"), TimeoutError("an inner one")])
async def test_an_unforeseen_error_is_left_to_the_stage(error):
    outbox = RecordingOutbox()

    with pytest.raises(type(error)):
        await agent(ScriptedAnalyst(error), outbox).step(of(TURN))
    assert outbox.sent == []


async def test_a_turn_whose_attempts_are_used_up_is_said_to_have_failed():
    outbox = RecordingOutbox()

    await agent(ScriptedAnalyst(None), outbox).exhausted(of(TURN), "ZeroDivisionError")

    made = decode(Analysis, outbox.sent[0].value)
    assert (made.status, made.reason_code, made.seq) == ("failed", "fault", 5)


async def test_an_analyst_without_codes_speaks_for_itself_and_a_long_reason_is_cut():
    made = await analysed(answer(SENTIMENT, degraded="x" * 5_000))

    assert (made.reason, made.reason_code) == ("x" * 300, "other")


async def test_a_reason_with_a_code_is_in_words_and_what_exactly_was_said_is_in_the_log():
    given = replace(answer(SENTIMENT, degraded="fake: 503 from 10.0.0.1"), degraded_code="unavailable")
    with capture_logs() as logs:
        made = await analysed(given)

    assert (made.status, made.reason_code) == ("degraded", "unavailable")
    assert made.reason == told("unavailable", AnalysisStatus.DEGRADED)
    assert [line["reason"] for line in logs if line["event"] == "analysis.degraded"] == ["fake: 503 from 10.0.0.1"]


async def test_what_is_no_turn_is_undecodable_and_no_analyst_is_asked():
    analyst = ScriptedAnalyst(None)

    with pytest.raises(UndecodableError):
        await agent(analyst, RecordingOutbox()).step(event(b"{}"))
    assert analyst.asked == []


async def test_an_absent_broker_is_left_to_the_stage():
    outbox = RecordingOutbox(failures=[BrokerUnavailableError("away")])

    with pytest.raises(BrokerUnavailableError):
        await agent(ScriptedAnalyst(answer(SENTIMENT)), outbox).step(of(TURN))


async def test_a_cancelled_turn_is_no_failed_analysis():
    outbox = RecordingOutbox()
    task = asyncio.create_task(agent(ScriptedAnalyst(None), outbox).step(of(TURN)))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert outbox.sent == []


@pytest.mark.parametrize("given", [None, AnalystRefusedError("no")])
async def test_no_log_line_holds_what_was_written(given):
    with capture_logs() as logs:
        await analysed(given)

    assert logs
    assert CANARY not in repr(logs)


def test_every_kind_promises_a_model():
    assert all(issubclass(kind.result, Model) for kind in AI_AGENTS)
    assert len({kind.name for kind in AI_AGENTS}) == len(AI_AGENTS)


async def test_a_turn_for_which_a_newer_one_is_asked_is_skipped_and_not_called_a_failure():
    with capture_logs() as logs:
        made = await analysed(AnalystSupersededError("superseded"))

    assert (made.status, made.reason_code, made.result, made.engine) == ("skipped", "superseded", None, "scripted")
    assert made.reason == told("superseded", AnalysisStatus.SKIPPED)
    assert not [entry for entry in logs if entry["log_level"] in {"warning", "error"}]


@pytest.mark.parametrize(("addressed", "taken"), [(b"summary", 0), (b"summary,sentiment", 1), (b"sentiment", 1)])
async def test_a_turn_that_is_sent_again_is_taken_by_the_agents_that_it_is_addressed_to(addressed, taken):
    outbox, analyst = RecordingOutbox(), ScriptedAnalyst(answer(SENTIMENT))

    await agent(analyst, outbox).step(event(encode(TURN), headers=[(ADDRESSED, addressed)]))

    assert (len(analyst.asked), len(outbox.sent)) == (taken, taken)
