"""Sentences that ask or promise: by rules, by the head that comes with it, and how well."""

from __future__ import annotations

import pytest

from signalstream.ai.evaluation.requests import measure
from signalstream.ai.local.encoder import Encoder
from signalstream.ai.local.head_files import read_head
from signalstream.ai.local.heads import head_of
from signalstream.ai.local.minilm import load_minilm
from signalstream.ai.local.pii import redact
from signalstream.ai.local.requests import RequestJudge, Wish, by_rules
from signalstream.ai.local.said import Said, said_in
from signalstream.ai.local.voices import listen
from signalstream.core.text import folded
from tests.ai.local.conversations import turn

ASKED = (
    "Please send me the invoice for March.",
    "Can you check what happened to my parcel?",
    "Could somebody call me back this afternoon?",
    "I need a replacement for the broken lamp.",
    "I would like to change the delivery address.",
    "Let me know when it is repaired.",
    "Would you mind resetting my password?",
    "Call me back on my mobile.",
    "Send the receipt to my new address, please.",
    "I want my money back.",
)
PROMISED = (
    "I will look into this today.",
    "We'll send you a new card tomorrow.",
    "You will receive a confirmation within two days.",
    "I am going to ask my colleague and get back to you.",
    "We will refund the second payment.",
)
NEITHER = (
    "The parcel arrived on Monday.",
    "I was charged twice last week.",
    "My account shows a strange number.",
    "The weather was fine yesterday.",
    "It has a blue cover and two buttons.",
    "That was very kind of him.",
    "The meeting was moved to the third floor.",
    "Our office is near the station.",
    "Nobody was at home when it came.",
    "The lamp has a crack.",
)


def by(text: str) -> tuple[Said, ...]:
    """A sentence of a customer, a promise of an agent."""
    return said_in(listen(turn(text, "agent" if text in PROMISED else "customer"), redact))


def said(*texts: str) -> tuple[Said, ...]:
    return said_in(listen(turn(texts[-1], context=tuple(("agent", text) for text in texts[:-1])), redact))


def test_rules_tell_asking_from_promising() -> None:
    assert {by_rules(folded(text)) for text in PROMISED} == {Wish.COMMITMENT}
    assert {by_rules(folded(text)) for text in NEITHER} == {None}
    assert sum(by_rules(folded(text)) is Wish.REQUEST for text in ASKED) >= 9


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Könnten Sie mir bitte die Rechnung schicken?", Wish.REQUEST),
        ("Ich werde das heute prüfen.", Wish.COMMITMENT),
        ("Je voudrais annuler la commande.", Wish.REQUEST),
        ("Necesito ayuda con mi pedido.", Wish.REQUEST),
        ("El paquete es azul.", None),
    ],
)
def test_rules_know_other_languages(text: str, wish: Wish | None) -> None:
    assert by_rules(folded(text)) is wish


async def test_without_the_encoder_rules_judge() -> None:
    assert await RequestJudge().judge(said("We will refund it.", "Thank you so much.")) == [Wish.COMMITMENT, None]


async def test_the_head_tells_nearly_all_of_them_and_leaves_other_languages_to_rules() -> None:
    encoder = Encoder(load_minilm().run)
    encoder.start()
    try:
        judge = RequestJudge(encoder, head_of(read_head("requests")))
        texts = (*ASKED, *PROMISED, *NEITHER)
        found = [(await judge.judge(by(text)))[0] for text in texts]
        foreign = await judge.judge(said("Könnten Sie mir bitte die Rechnung schicken?"))
    finally:
        await encoder.stop()
    truth = [text not in NEITHER for text in texts]
    assert measure(truth, [wish is not None for wish in found])["f1"] >= 0.9
    assert [wish for text, wish in zip(texts, found, strict=True) if text in PROMISED and wish is Wish.REQUEST] == []
    assert foreign == [Wish.REQUEST]


async def test_nothing_said_is_nothing_asked() -> None:
    assert await RequestJudge().judge(()) == []
