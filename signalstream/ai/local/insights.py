"""What the customer wants, how soon, and what to do: rules with reasons.

Intent: see ``intent``. Without the encoder each cue that matches the newest customer message counts its weight, those
of the message before it half, of the one before that a quarter, and so on; the intent with most weight wins. Confidence
is its share of all the evidence, with one unit set aside for what the cues do not know: w / (sum of weights + 1). So a
single hint is no certainty, and a message that no cue knows is a General Inquiry with confidence 0.

Urgency is the rubric of ``signalstream.core.urgency``. Escalation: Critical; or High with anger, with repeated contact
or with a wish to speak to a manager.
"""

from __future__ import annotations

from collections.abc import Sequence

from signalstream.ai.local import advice
from signalstream.ai.local.categories import CATEGORIES
from signalstream.ai.local.intent import IntentVerdict
from signalstream.ai.local.intent_cues import cue_shares, cue_weights
from signalstream.ai.local.intent_rules import GENERAL
from signalstream.ai.local.requests import Wish, asks
from signalstream.ai.local.said import Said
from signalstream.ai.local.taxonomy import Advice
from signalstream.ai.local.voices import Voices
from signalstream.core.redaction import PLACEHOLDER
from signalstream.core.standing import Standing, standing_of
from signalstream.core.text import folded, matched, phrase_pattern, sentences, shortened
from signalstream.core.urgency import RUBRIC, UrgencyVerdict, assess_urgency
from signalstream.models.intelligence import Insights, Urgency
from signalstream.models.messages import Sender

MESSAGES_READ = 6
MOST_CONCERNS = 3
CONCERN_CHARACTERS = 140
MOST_SENTENCES = 8
_MANAGER = phrase_pattern(
    "manager|supervisor|escalate|someone in charge|your boss|gerente|encargado|responsable|vorgesetzten|responsabile"
)
_HEATED = frozenset({"anger", "repeated contact"})


def analyse_insights(
    voices: Voices,
    judged: IntentVerdict | None = None,
    said: Sequence[Said] = (),
    wishes: Sequence[Wish | None] = (),
    own: Advice | None = None,
) -> Insights:
    """Return what the customer's messages ask for; the newest counts most. Without ``judged``, cues find the intent.

    ``said`` are the conversation's sentences, ``wishes`` says of each whether it asks or promises. ``own`` is what
    the tenant's definition of the intent advises.
    """
    texts = voices.of(Sender.CUSTOMER)
    newest, earlier = (texts[0], texts[1:]) if texts else ("", ())
    plain = tuple(folded(PLACEHOLDER.sub(" ", text)) for text in texts[:MESSAGES_READ])
    intent, confidence = (judged.intent, judged.confidence) if judged else judge_intent(plain)
    verdict = assess_urgency(newest, earlier)
    escalation = needs_escalation(verdict, plain)
    upset = any(_base(reason) in _HEATED for reason in verdict.reasons)
    meant = list(zip(said, wishes, strict=True))
    standing = _standing(voices, verdict, [one for one, wish in meant if wish is Wish.COMMITMENT])
    advised = advice.advice_for(intent, own)
    reply = advice.response(advised, verdict.urgency, standing, upset=upset) if voices.own is Sender.CUSTOMER else None
    return Insights(
        intent=intent,
        intent_confidence=round(confidence, 4),
        urgency=verdict.urgency,
        urgency_reasons=verdict.reasons,
        categories=tuple(dict.fromkeys(one.name for text in plain for one in matched(CATEGORIES, text)))[:5],
        suggested_actions=advice.actions(
            advised, verdict.reasons, standing, escalation=escalation, has_pii=PLACEHOLDER.search(newest) is not None
        ),
        suggested_response=reply,
        requires_escalation=escalation,
        estimated_resolution_time=advice.RESOLUTION_TARGETS[verdict.urgency],
        key_concerns=_concerns(texts),
        standing=standing,
        requests=tuple(one.sentence() for one, wish in meant if wish is Wish.REQUEST)[-MOST_SENTENCES:],
        commitments=tuple(one.sentence() for one, wish in meant if wish is Wish.COMMITMENT)[-MOST_SENTENCES:],
    )


def _standing(voices: Voices, verdict: UrgencyVerdict, promises: Sequence[Said]) -> Standing:
    places = {message_id: place for place, (_, message_id) in enumerate(voices.places)}
    promised = [places[one.message_id] for one in promises if one.sender is Sender.AGENT]
    repeated = any(_base(reason) == "repeated contact" for reason in verdict.reasons)
    return standing_of(voices.lines, asked=asks(voices.lines[-1][1]), promised=promised, repeated=repeated)


def judge_intent(plain: Sequence[str]) -> tuple[str, float]:
    """Return the intent and its share of the evidence. ``plain`` are folded texts, newest first."""
    shares = cue_shares([cue_weights(text) for text in plain])
    best = max(shares, key=lambda intent: shares[intent])
    return (best, shares[best]) if shares[best] else (GENERAL, 0.0)


def needs_escalation(verdict: UrgencyVerdict, plain: Sequence[str]) -> bool:
    """Say whether someone more senior must take over."""
    if verdict.urgency is not Urgency.HIGH:
        return verdict.urgency is Urgency.CRITICAL
    heated = any(_base(reason) in _HEATED for reason in verdict.reasons)
    return heated or any(_MANAGER.search(text) for text in plain)


def _base(reason: str) -> str:
    return reason.removesuffix(" (earlier)")


def _concerns(texts: Sequence[str]) -> tuple[str, ...]:
    ranked: list[tuple[int, int, str]] = []
    for text in texts[:MESSAGES_READ]:
        for sentence in sentences(text, 40):
            plain = folded(sentence)
            levels = [rule.level.rank for rule in RUBRIC if rule.pattern.search(plain)]
            if levels:
                ranked.append((-max(levels), len(ranked), shortened(sentence, CONCERN_CHARACTERS)))
    return tuple(dict.fromkeys(concern for _, _, concern in sorted(ranked)))[:MOST_CONCERNS]
