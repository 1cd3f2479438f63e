"""What the AI agents share: a turn goes to the analyst, its answer becomes an analysis."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import structlog

from signalstream.agents.timely import Timely
from signalstream.ai.analyst import Analyst, Answer
from signalstream.core.clock import Clock
from signalstream.core.keys import ConversationKey
from signalstream.core.reasons import ReasonCode, code_of, told
from signalstream.errors import AnalystBadOutputError, AnalystError, AnalystSupersededError, UnprocessableError
from signalstream.models.agents import is_addressed
from signalstream.models.base import Model
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import MAX_REASON_CHARACTERS, Analysis, AnalysisStatus
from signalstream.streaming.dead_letters import headers_of
from signalstream.streaming.delivery import Outbox
from signalstream.streaming.stepping import OverdueError
from signalstream.streaming.values import RecentlyRead, encode
from signalstream.telemetry import debugging
from signalstream.topics import TopicSpec

log = structlog.get_logger()


@dataclass(frozen=True)
class AnalysisKind:
    """An AI agent: its name (also the analyst's task), where its analyses go, and what a result must be."""

    name: str
    output: TopicSpec
    result: type[Model]


@dataclass(frozen=True)
class AnalysisAgent:
    """``support.conversations.state`` → ``support.ai.<name>``, key tenant_id/conversation_id, no state.

    An analyst that declines, breaks off or exceeds the deadline gives an analysis with status ``failed`` and the
    reason; so does one whose every attempt raises something unforeseen, and its turn becomes a dead letter besides.
    With ``hurried``, a lesser analyst that waits for nothing, what is overdue is ``degraded`` instead: see Timely.
    A turn for which a newer one is asked is ``skipped``; one that is addressed to other agents is left to them.
    """

    kind: AnalysisKind
    analyst: Analyst
    outbox: Outbox
    output_topic: str
    deadline_seconds: float
    clock: Clock
    read: Callable[[Any], Turn] = field(default_factory=lambda: RecentlyRead(Turn))
    told: Callable[[Analysis], None] = lambda _analysis: None
    hurried: Analyst | None = None

    @cached_property
    def _timely(self) -> Timely:
        return Timely(self.analyst, self.hurried, self.deadline_seconds)

    async def step(self, event: Any) -> None:
        """Take one turn."""
        turn = self.read(event.message)
        _check_key(event.message.key, turn)
        if not is_addressed(self.kind.name, headers_of(event)):
            return
        started = time.perf_counter()
        try:
            answer = await self._timely.analyse(self.kind.name, turn)
            if not isinstance(answer.result, self.kind.result):
                raise AnalystBadOutputError(f"the analyst answered {type(answer.result).__name__}")
        except OverdueError:
            analysis = self._failed(turn, "overdue", f"no answer within {self.deadline_seconds:g} s", started)
        except AnalystSupersededError as error:
            analysis = self._without_result(AnalysisStatus.SKIPPED, turn, code_of(error), started)
        except AnalystError as error:
            analysis = self._failed(turn, code_of(error), f"{type(error).__name__}: {error}", started)
        else:
            analysis = self._answered(turn, answer, started)
        await self._send(event, analysis)

    async def exhausted(self, event: Any, fault: str) -> None:
        """Say ``failed`` for a turn whose every attempt raised ``fault``."""
        turn = self.read(event.message)
        await self._send(event, self._failed(turn, "fault", f"{fault} in every attempt", time.perf_counter()))

    async def _send(self, event: Any, analysis: Analysis) -> None:
        await self.outbox.send(self.output_topic, event.message.key, encode(analysis), headers_of(event))
        self.told(analysis)
        if debugging():
            log.debug(
                "analysis.made",
                message_id=str(analysis.message_id),
                seq=analysis.seq,
                status=analysis.status.value,
                latency_ms=analysis.latency_ms,
            )

    def _answered(self, turn: Turn, answer: Answer, started: float) -> Analysis:
        result = answer.result.model_dump(mode="json")
        made = {"engine": answer.engine, "model": answer.model, "result": result}
        if not answer.degraded_reason:
            return self._analysis(turn, started, status=AnalysisStatus.OK, reason=None, **made)
        detail = _short(answer.degraded_reason)
        log.debug("analysis.degraded", message_id=str(turn.message.message_id), seq=turn.seq, reason=detail)
        code = answer.degraded_code
        words = told(code, AnalysisStatus.DEGRADED) if code else detail  # those of an analyst that has no codes
        return self._analysis(
            turn, started, status=AnalysisStatus.DEGRADED, reason=words, reason_code=code or "other", **made
        )

    def _failed(self, turn: Turn, code: ReasonCode, detail: str, started: float) -> Analysis:
        message_id = str(turn.message.message_id)
        log.warning("analysis.failed", message_id=message_id, seq=turn.seq, code=code, reason=_short(detail))
        return self._without_result(AnalysisStatus.FAILED, turn, code, started)

    def _without_result(self, status: AnalysisStatus, turn: Turn, code: ReasonCode, started: float) -> Analysis:
        reason = told(code, status)
        return self._analysis(turn, started, status=status, reason=reason, reason_code=code, engine=self.analyst.name)

    def _analysis(self, turn: Turn, started: float, **fields: Any) -> Analysis:
        message = turn.message
        # Built of validated parts only, several times a message: validating them again finds nothing.
        return Analysis.model_construct(
            agent=self.kind.name,
            tenant_id=message.tenant_id,
            conversation_id=message.conversation_id,
            generation=turn.generation,
            message_id=message.message_id,
            seq=turn.seq,
            sender=message.sender,
            written_at=message.written_at,
            received_at=message.received_at,
            analysed_at=self.clock.now(),
            latency_ms=round((time.perf_counter() - started) * 1000, 3),
            **fields,
        )


def _check_key(key: bytes | None, turn: Turn) -> None:
    # Here and not at the aggregation only: an analyst is not asked in vain, and the dead letter is the turn itself.
    if key != ConversationKey(turn.message.tenant_id, turn.message.conversation_id).encode():
        raise UnprocessableError("the record's key names another conversation than its turn")


def _short(reason: str | None) -> str | None:
    return reason[:MAX_REASON_CHARACTERS] if reason else None
