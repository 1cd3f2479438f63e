"""Insights: the model's words over the local rules' result, which holds as a floor."""

from __future__ import annotations

from typing import Any

from signalstream.ai.local import advice
from signalstream.ai.local.insights import analyse_insights
from signalstream.ai.local.intent import IntentVerdict
from signalstream.ai.local.requests import by_rules
from signalstream.ai.local.said import said_in
from signalstream.ai.remote.cleaning import PHRASE_CHARACTERS, line, lines, share
from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.ai.remote.wire import InsightsEntry
from signalstream.core.standing import Standing
from signalstream.core.urgency import at_least
from signalstream.errors import AnalystBadOutputError
from signalstream.models.intelligence import Insights, Urgency

MOST_ACTIONS = 6
MOST_OF_THE_MODEL = 4
MOST_CONCERNS = 3
RESPONSE_CHARACTERS = 800


def insights(entry: InsightsEntry, turn: OutgoingTurn) -> Insights:
    """Return the insights: the model's over those of the local rules, whose urgency and escalation hold as a floor."""
    said = said_in(turn.voices)
    judged = IntentVerdict(_label(entry.intent, turn), share(entry.intent_confidence), "model")
    base = analyse_insights(turn.voices, judged, said, [by_rules(one.plain) for one in said])
    urgency = at_least(entry.urgency, base.urgency)
    escalation = base.requires_escalation or entry.escalate or urgency is Urgency.CRITICAL
    changes: dict[str, Any] = {
        "urgency": urgency,
        "requires_escalation": escalation,
        "estimated_resolution_time": advice.RESOLUTION_TARGETS[urgency],
        "key_concerns": lines(entry.concerns, MOST_CONCERNS, turn) or base.key_concerns,
        "suggested_actions": _actions(base, lines(entry.actions, MOST_OF_THE_MODEL, turn), escalation=escalation),
    }
    if urgency is not base.urgency:
        evidence = line(entry.urgency_evidence, PHRASE_CHARACTERS, turn) or "no reason named"
        changes["urgency_reasons"] = (f"the model: {evidence}", *base.urgency_reasons)
    if base.suggested_response is not None:
        changes["suggested_response"] = line(entry.response, RESPONSE_CHARACTERS, turn) or base.suggested_response
    return base.model_copy(update=changes)


def _label(intent: str, turn: OutgoingTurn) -> str:
    wanted = _compared(intent)
    for label in turn.labels:
        if _compared(label) == wanted:
            return label
    raise AnalystBadOutputError("it names an intent that there is not")


def _compared(label: str) -> str:
    return " ".join(label.split()).casefold()


def _actions(base: Insights, wanted: tuple[str, ...], *, escalation: bool) -> tuple[str, ...]:
    """Return the actions that the rules insist on, then the model's, or without any of its own all of the rules'."""
    firm = [one for one in base.suggested_actions if one in {*advice.BY_REASON.values(), advice.ESCALATE}]
    if escalation and base.standing != Standing.ESCALATED:
        firm.append(advice.ESCALATE)
    last = [one for one in base.suggested_actions if one == advice.PROTECT]
    middle = wanted or tuple(one for one in base.suggested_actions if one not in {*firm, *last})
    return (*dict.fromkeys((*firm, *middle)),)[: MOST_ACTIONS - len(last)] + tuple(last)
