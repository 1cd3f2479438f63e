from __future__ import annotations

from typing import Any

import pytest

from benchmarks.remote import broken, verdict
from benchmarks.remote_counting import Counted, Cpu
from benchmarks.remote_evidence import Evidence
from benchmarks.remote_figures import Found, Seen, below, cpu_row, insight_seconds, none_of, p99, wholly_answered
from benchmarks.remote_load import Post, Posts
from benchmarks.remote_rows import added_milliseconds
from benchmarks.remote_stage import MIXED_FAULTS
from signalstream.models.agents import AI_AGENTS

NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z


def record(agent: str, second: int = 10, **fields: Any) -> dict[str, Any]:
    return {
        "agent": agent,
        "message_id": "m",
        "tenant_id": "t",
        "conversation_id": "c",
        "seq": 2,
        "status": "ok",
        "result": {},
        "analysed_at": f"2026-01-01T12:00:{second:02}.000Z",
        "latency_ms": 4_000.0,
        **fields,
    }


def update(last_seq: int, completeness: str = "complete") -> dict[str, Any]:
    insight = {"tenant_id": "t", "conversation_id": "c", "last_seq": last_seq, "completeness": completeness}
    return {"kind": "insight", "insight": insight}


def whole(**of_summary: Any) -> Evidence:
    evidence = Evidence()
    for agent in AI_AGENTS:
        evidence.note_analysis(record(agent, **(of_summary if agent == "summary" else {})))
    evidence.note_update(update(2), NOON + 11)
    return evidence


POSTED = Post(message_id="m", due=NOON + 5, late_ms=0.0, accepted_ms=3.0)


def test_a_message_with_every_analysis_and_a_complete_insight_is_not_lost() -> None:
    assert whole().lost(["m"]) == []
    assert insight_seconds(whole(), [POSTED]) == [pytest.approx(6.0)]
    assert wholly_answered(whole(), [POSTED]) == [pytest.approx(NOON + 10)]


def test_a_message_that_nobody_saw_or_that_lacks_an_analysis_or_its_insight_is_lost() -> None:
    evidence = Evidence()
    for agent in AI_AGENTS:
        evidence.note_analysis(record(agent))
    evidence.note_update(update(2, "partial"), NOON + 11)
    evidence.note_update(update(1), NOON + 11)
    evidence.note_update({"kind": "window"}, NOON + 11)
    assert evidence.lost(["m", "other"]) == ["m", "other"]
    assert insight_seconds(evidence, [POSTED]) == []

    short = whole()
    del short.analyses["m"]["language"]
    assert short.lost(["m"]) == ["m"]


def test_a_later_turns_insight_covers_those_before_it_and_a_repeat_changes_nothing() -> None:
    evidence = whole()
    evidence.note_update(update(3), NOON + 7)
    evidence.note_update(update(3), NOON + 20)
    evidence.note_analysis(record("summary", 50))
    assert evidence.complete_at("m") == NOON + 7
    assert wholly_answered(evidence, [POSTED]) == [pytest.approx(NOON + 10)]


@pytest.mark.parametrize(
    ("fields", "unexplained"),
    [
        ({"status": "degraded", "reason": "gemini: silent"}, 0),
        ({"status": "degraded"}, 1),
        ({"status": "degraded", "reason": "gemini: silent", "result": None}, 1),
        ({"status": "failed", "reason": "no answer within 30 s", "result": None}, 0),
        ({"status": "skipped", "result": None}, 1),
        ({"status": "ok", "result": None}, 1),
    ],
)
def test_without_a_result_or_without_its_reason_an_analysis_is_unexplained(
    fields: dict[str, Any], unexplained: int
) -> None:
    assert whole(**fields).unexplained() == unexplained
    assert wholly_answered(whole(**fields), [POSTED]) == []


def found(evidence: Evidence, failures: tuple[str, ...] = ()) -> Found:
    posts = Posts(accepted=(POSTED,), failures=failures)
    return Found(
        [below("x", 5, 9.0, "s")], Seen("idle", posts, evidence, Counted(60, NOON + 30, Cpu(6, 3, 1, 20), 1, 0, 1))
    )


def test_a_figure_that_was_missed_and_a_message_that_was_refused_break_no_promise() -> None:
    results = {"idle": found(whole(), failures=("RuntimeError: POST /v1/messages answered 503",))}
    assert broken(results) == []
    assert verdict(results).startswith("gemini: every accepted message")


def test_the_last_lines_name_what_was_broken() -> None:
    results = {"idle": found(Evidence()), "post": found(whole()), "quota": found(whole(status="degraded"))}
    assert verdict(results).splitlines() == [
        "gemini: BROKEN: idle: 1 messages lost",
        "gemini: BROKEN: quota: 1 analyses without a result or a stated reason",
    ]


def test_the_cpu_of_a_message_is_that_of_each_part_by_the_messages_whose_analyses_ended_meanwhile() -> None:
    assert cpu_row(found(whole()).seen) == ("idle", "1", "6000.0 / 3000.0 / 1000.0", "0.10 / 0.05 / 0.02 / 0.17")
    assert cpu_row(found(Evidence()).seen)[1:3] == ("0", "none / none / none")


def test_an_added_latency_is_counted_to_the_first_question_after_the_turn_was_taken() -> None:
    began = NOON + 6
    arrivals = [began - 0.5, began + 0.012, began + 0.5]
    assert added_milliseconds(whole(), [POSTED], "pii", arrivals) == [pytest.approx(12, abs=0.1)]
    assert added_milliseconds(whole(), [POSTED], "pii", [began - 0.0005]) == [0.0]
    assert added_milliseconds(whole(), [POSTED], "pii", [began - 0.5]) == []


def test_a_figure_that_never_came_is_not_met() -> None:
    assert p99([]) is None
    assert not below("x", 5, None, "s").met
    assert [below("x", 5, value, "s").met for value in (4.9, 5.0)] == [True, False]
    assert [none_of("x", value).met for value in (0, 1)] == [True, False]


def test_the_mixed_faults_are_a_fifth() -> None:
    assert sum(MIXED_FAULTS.values()) == pytest.approx(0.2)
