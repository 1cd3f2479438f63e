"""Redaction first: a provider receives none of the planted values, and nothing at all when the search fails."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest

from signalstream.ai.local.ner import Reading
from signalstream.ai.local.pii_finder import PersonalDataFinder
from signalstream.ai.local.pii_policy import Policies, Policy
from signalstream.ai.local.searchable import searchable
from signalstream.ai.remote.fencing import visible
from signalstream.ai.remote.outgoing import Outgoing
from signalstream.ai.remote.prompts import PROMPTS, question_for
from signalstream.core.redaction import PLACEHOLDER
from signalstream.errors import AnalystWithheldError, ModelUnavailableError
from signalstream.models.conversation import Turn
from tests.ai.local.conversations import turn
from tests.ai.remote.canaries import planted
from tests.ai.remote.turns import patterns, prepared
from tests.fakes import FakeProvider

CANARIES = 1_000


@pytest.fixture
async def finder() -> AsyncIterator[PersonalDataFinder]:
    one = PersonalDataFinder()
    await one.start()
    yield one
    await one.stop()


async def received(outgoing: Outgoing, turns: Sequence[Turn]) -> str:
    """Return all that a provider is sent about the turns, one question for each task and five turns."""
    provider = FakeProvider()
    ready = [await outgoing.redacted(one) for one in turns]
    for task in PROMPTS:
        for at in range(0, len(ready), 5):
            await provider.ask(question_for(task, ready[at : at + 5]), 5)
    return "\n".join(repr(question) for question in provider.questions)


async def test_of_a_thousand_planted_values_none_leaves_the_process(finder: PersonalDataFinder) -> None:
    texts = planted(CANARIES, per_text=5, seed=20_261_122)
    turns = [
        turn(texts[at].text, context=(("customer", texts[at + 1].text), ("agent", texts[at + 2].text)))
        for at in range(0, len(texts) - 2, 3)
    ]
    turns.append(turn(texts[-1].text, context=(("agent", texts[-2].text),)))
    sent = await received(Outgoing(finder), turns)
    values = [value for one in texts for value in one.values]
    assert len(set(values)) == CANARIES
    assert [value for value in values if value in sent] == []
    bare = set(re.findall(r"\d{9,}", re.sub(r"(?<=\d)[ .-](?=\d)", "", sent)))
    assert [value for value in values if re.sub(r"\D", "", value) in bare] == []
    assert len(PLACEHOLDER.findall(sent)) >= CANARIES, "the texts themselves must have been sent"


async def test_names_that_only_the_model_finds_are_taken_out_too(finder: PersonalDataFinder) -> None:
    sent = await received(Outgoing(finder), [turn("Priya Raghunathan waits for it", context=(("agent", "ok"),))])
    assert "Priya" not in sent
    assert "[NAME_" in sent


async def test_ids_metadata_channel_and_times_never_leave() -> None:
    one = turn("hello there", context=(("agent", "good day"),))
    message = one.message.model_copy(
        update={
            "tenant_id": "tenant-canary",
            "conversation_id": "conversation-canary",
            "message_id": UUID("c0ffee00-0000-4000-8000-000000000001"),
            "metadata": {"order": "metadata-canary"},
            "channel": "voice",
        }
    )
    sent = await received(Outgoing(patterns()), [one.model_copy(update={"message": message})])
    assert "hello there" in sent
    assert not re.search(r"canary|c0ffee|voice|2026", sent)


@pytest.mark.parametrize("hidden", ["\u3164", "\U000e0041", "\ufe0f", "\u200d", "\u00ad"])
async def test_a_name_with_unseen_characters_in_it_is_taken_out(finder: PersonalDataFinder, hidden: str) -> None:
    name = hidden.join("Priya Raghunathan")
    sent = await received(Outgoing(finder), [turn(f"{name} waits at home", context=(("agent", f"Hi {name}"),))])
    assert "Priya" not in sent
    assert "Raghunathan" not in sent


async def test_the_same_value_has_one_placeholder_in_message_and_context() -> None:
    ready = await Outgoing(patterns()).redacted(
        turn("it is jane@x.example again", context=(("customer", "I am jane@x.example"),))
    )
    assert [PLACEHOLDER.findall(text) for _, text in ready.voices.lines] == [[("EMAIL", "1")], [("EMAIL", "1")]]


class Broken:
    """A model that fails, with the text in its words."""

    labels = ("O", "B-NAME")

    def read(self, texts: Sequence[str]) -> list[Reading]:
        raise RuntimeError(f"cannot read {texts!r}")


async def test_nothing_is_sent_when_the_search_fails_and_the_reason_does_not_quote() -> None:
    finder = PersonalDataFinder(load=Broken)
    await finder.start()
    try:
        with pytest.raises(AnalystWithheldError, match=r"nothing was sent.*\(RuntimeError\)") as caught:
            await Outgoing(finder).redacted(turn("my secret story"))
    finally:
        await finder.stop()
    assert "story" not in str(caught.value)


async def test_nothing_is_sent_before_the_search_has_started() -> None:
    with pytest.raises(AnalystWithheldError, match="not been started"):
        await Outgoing(PersonalDataFinder()).redacted(turn("hello"))


async def test_nothing_is_sent_while_names_cannot_be_found() -> None:
    def absent() -> Broken:
        raise ModelUnavailableError("the model's file is missing")

    finder = PersonalDataFinder(load=absent)
    await finder.start()
    with pytest.raises(AnalystWithheldError, match="file is missing"):
        await Outgoing(finder).redacted(turn("hello"))


async def test_what_a_tenant_allows_is_sent_as_it_is() -> None:
    policies = Policies(tenants={"demo": Policy(allow={"email": ("help@shop.example",)})})
    sent = await received(Outgoing(patterns(policies)), [turn("I wrote to help@shop.example from jane@x.example")])
    assert "help@shop.example" in sent
    assert "jane@x.example" not in sent


def test_a_turn_does_not_show_what_was_written_when_it_is_printed() -> None:
    assert "jane@x.example" not in repr(prepared("I am jane@x.example"))


def test_the_values_are_known_by_their_placeholders() -> None:
    given = prepared("jane@x.example and +1 206 555 0173, JANE@x.example", context=(("agent", "to kim@x.example?"),))
    values = given.originals()
    assert sorted(values.values()) == ["+1 206 555 0173", "jane@x.example"]
    assert set(values) < given.placeholders()


def test_no_unseen_character_hides_a_value_from_the_search_and_is_dropped_afterwards() -> None:
    dropped = [chr(at) for at in range(0x110000) if visible(f"a{chr(at)}b") == "ab"]
    assert len(dropped) > 4_000
    view = searchable("".join(dropped))
    shown = [f"U+{ord(one):04X}" for one in view.plain]
    assert shown == [], "the search must look through everything that fencing leaves out"
    for one in ("\u3164", "\U000e0100", "\u061c"):
        sent = question_for("pii", [prepared(f"my card is 4111{one}111111111111, thanks")]).data
        assert "4111111111111111" not in sent
        assert "[CREDIT_CARD_1]" in sent
