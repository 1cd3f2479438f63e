from __future__ import annotations

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from signalstream.models.intelligence import RESULTS, Analysis, Insight, PiiEntity, Urgency
from signalstream.streaming.values import decode, encode
from tests.core.analyses import AGENTS, analyses, analysis, entity, result_of


def test_urgencies_are_ordered():
    assert [urgency.rank for urgency in (Urgency.LOW, Urgency.MEDIUM, Urgency.HIGH, Urgency.CRITICAL)] == [0, 1, 2, 3]


def test_an_entity_never_holds_the_value_that_was_found():
    with pytest.raises(ValidationError, match="value"):
        PiiEntity.model_validate(entity("email", 1) | {"value": "ann@example.com"})


def test_each_agent_of_the_first_four_has_a_model_of_its_result_beside_the_insight():
    assert set(RESULTS) <= set(AGENTS)
    assert all(RESULTS[agent].model_validate(result_of(agent)) for agent in RESULTS)


@settings(deadline=None, max_examples=100)
@given(analyses())
def test_an_analysis_survives_the_wire(made):
    assert decode(Analysis, encode(made)) == made


def test_a_result_keeps_its_nulls_on_the_wire():
    result = {"agent_response": None, "list": [None, {"x": None}]}
    made = analysis("summary").model_copy(update={"result": result})

    assert decode(Analysis, encode(made)).result == result


def test_the_wire_contract_has_the_fields_that_clients_rely_on():
    assert {
        "conversation_id",
        "tenant_id",
        "sentiment",
        "pii",
        "insights",
        "summary",
        "last_updated",
        "revision",
    } <= set(Insight.model_fields)
    assert {"sentiment", "confidence", "emotion", "reasoning"} <= set(RESULTS["sentiment"].model_fields)
    assert {"has_pii", "entities", "redacted_text"} <= set(RESULTS["pii"].model_fields)
    assert {"type", "value", "start_index", "end_index"} <= set(PiiEntity.model_fields)
    assert {
        "intent",
        "urgency",
        "categories",
        "suggested_actions",
        "suggested_response",
        "requires_escalation",
        "estimated_resolution_time",
        "key_concerns",
    } <= set(RESULTS["insights"].model_fields)
    assert {"tldr", "customer_issue", "agent_response", "key_points", "next_steps"} <= set(
        RESULTS["summary"].model_fields
    )
