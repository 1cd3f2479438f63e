from __future__ import annotations

from signalstream.ai.analyst import Answer
from signalstream.ai.bulk import Said, analysed, turns_of
from signalstream.ai.local.analyst import LocalAnalyst
from signalstream.ai.local.pii_finder import PersonalDataFinder
from signalstream.core.conversation import Bounds
from signalstream.errors import AnalystRefusedError
from signalstream.models.intelligence import Summary
from signalstream.models.messages import Sender
from tests.fakes import ScriptedAnalyst

BOUNDS = Bounds(50, 60_000, 20, 8_000)
FINDER = PersonalDataFinder(load=None)
CONVERSATION = [
    Said(Sender.CUSTOMER, "my card is 4111 1111 1111 1111"),
    Said(Sender.AGENT, "thank you, which address?"),
    Said(Sender.CUSTOMER, "é jane@example.com, and again 4111111111111111"),
]


def test_turns_are_those_of_the_pipeline() -> None:
    turns = turns_of("acme", "c", CONVERSATION, FINDER.by_patterns, BOUNDS)
    assert [turn.seq for turn in turns] == [1, 2, 3]
    assert [kept.text for kept in turns[2].context] == ["my card is [CREDIT_CARD_1]", "thank you, which address?"]
    assert turns == turns_of("acme", "c", CONVERSATION, FINDER.by_patterns, BOUNDS)


async def test_entities_of_every_message_name_it_and_have_offsets_of_its_text() -> None:
    turns = turns_of("acme", "c", CONVERSATION, FINDER.by_patterns, BOUNDS)
    made = await analysed(LocalAnalyst(FINDER), ["pii"], turns)
    found = made.results["pii"]
    assert found is not None
    assert found["redacted_text"] == "é [EMAIL_1], and again [CREDIT_CARD_1]"
    spans = [(one["message"], one["start_index"], one["end_index"]) for one in found["entities"]]
    assert [CONVERSATION[index].text[start:end] for index, start, end in spans] == [
        "4111 1111 1111 1111",
        "jane@example.com",
        "4111111111111111",
    ]


async def test_an_agent_that_fails_has_no_result_and_says_why() -> None:
    turns = turns_of("acme", "c", CONVERSATION, FINDER.by_patterns, BOUNDS)
    made = await analysed(ScriptedAnalyst(AnalystRefusedError("not this one")), ["pii", "summary"], turns)
    assert made.results == {"pii": None, "summary": None}
    assert made.failures["summary"] == "AnalystRefusedError: not this one"


async def test_other_agents_are_asked_for_the_last_turn_alone() -> None:
    analyst = ScriptedAnalyst(Answer(Summary(tldr="short", customer_issue="it"), "scripted"))
    turns = turns_of("acme", "c", CONVERSATION, FINDER.by_patterns, BOUNDS)
    made = await analysed(analyst, ["summary"], turns)
    assert [(task, turn.seq) for task, turn in analyst.asked] == [("summary", 3)]
    assert made.results["summary"] is not None
    assert made.results["summary"]["tldr"] == "short"
