"""The sentiment head: opinions of tweets and reviews, bank customers' questions, and frames of support messages.

Banking77 has intents, not sentiments. A question of an intent that says that something went wrong is taken as negative,
one that asks how something works as neutral, and intents that may be either are left out: weak labels, half weight.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from signalstream.ai.evaluation.sentiment import measure
from signalstream.ai.local.heads import Floats, softmax
from signalstream.ai.local.sentiment_evidence import EvidenceFinder
from signalstream.ai.local.sentiment_signs import SIGNS, sentiment_signs
from training.data import Labelled, banking, tweets_to_measure, valence
from training.fit import SEED, Examples, Recipe, calibration_error, fit, scored, weights
from training.support_sentences import support_sentences
from training.vectors import KeptVectors

LABELS = ("negative", "neutral", "positive")
RECIPE = Recipe(labels=LABELS, signs=SIGNS, strength=0.1, vector_scale=2.0)
FRAME_WEIGHT = WEAK_WEIGHT = 0.5
SENTENCES_OF_A_FRAME = 12
QUESTIONS_OF_A_LABEL = 600
WENT_WRONG = (
    "card_payment_wrong_exchange_rate extra_charge_on_statement card_not_working contactless_not_working "
    "wrong_amount_of_cash_received card_payment_fee_charged top_up_reverted card_payment_not_recognised "
    "balance_not_updated_after_cheque_or_cash_deposit compromised_card direct_debit_payment_not_recognised "
    "declined_cash_withdrawal declined_transfer Refund_not_showing_up declined_card_payment card_swallowed "
    "transaction_charged_twice reverted_card_payment? transfer_fee_charged failed_transfer virtual_card_not_working "
    "wrong_exchange_rate_for_cash_withdrawal top_up_failed cash_withdrawal_not_recognised "
    "transfer_not_received_by_recipient"
)
ASKS_HOW = (
    "exchange_rate fiat_currency_support exchange_via_app age_limit top_up_by_bank_transfer_charge top_up_limits "
    "supported_cards_and_currencies card_acceptance edit_personal_details why_verify_identity visa_or_mastercard "
    "topping_up_by_card disposable_card_limits atm_support transfer_timing verify_source_of_funds receiving_money "
    "transfer_into_account verify_top_up getting_spare_card top_up_by_cash_or_cheque order_physical_card change_pin "
    "get_disposable_virtual_card exchange_charge top_up_by_card_charge activate_my_card card_about_to_expire "
    "apple_pay_or_google_pay verify_my_identity country_support card_delivery_estimate getting_virtual_card "
    "card_linking"
)
SOURCES = (
    "VADER ground truth, tweets and Amazon snippets (C. J. Hutto, MIT)",
    "Banking77 training split (PolyAI, CC BY 4.0), weak labels by intent",
    "sentence frames of support messages written for this project",
)


def train(data: Path, vectors: KeptVectors) -> tuple[dict[str, NDArray[Any]], dict[str, float]]:
    """Return the head's arrays and what was measured."""
    tweets, reviews = valence(data, "tweets"), valence(data, "amazonReviewSnippets")
    frames = support_sentences(SENTENCES_OF_A_FRAME, SEED)
    support = Labelled([text for text, _ in frames], [label for _, label in frames], FRAME_WEIGHT)
    weak = _weak_questions(banking(data))
    learned = examples([tweets, reviews, support, weak], vectors, real=2)
    fitted = fit(learned, RECIPE)
    arrays = fitted.arrays
    figures = {
        "cross-validated macro-F1": float(f1_score(fitted.truth, fitted.scores.argmax(axis=1), average="macro")),
        "cross-validated calibration error": calibration_error(fitted.probabilities, fitted.truth),
    }
    unseen = examples([tweets_to_measure(data)], vectors, real=1)
    figures |= {f"tweeteval validation {name}": value for name, value in _figures(arrays, unseen).items()}
    figures |= _transfer("tweets to reviews", [tweets, support, weak], reviews, vectors)
    figures |= _transfer("reviews to tweets", [reviews, support, weak], tweets, vectors)
    return arrays, figures


def examples(sets: list[Labelled], vectors: KeptVectors, *, real: int) -> Examples:
    """Return the sets as one; the first ``real`` of them were labelled by people."""
    finder = EvidenceFinder()
    texts = [text for one in sets for text in one.texts]
    signs = [sentiment_signs(text, finder.find(text)) for text in texts]
    return Examples(
        texts=texts,
        vectors=np.concatenate([vectors.of(one.texts) for one in sets]),
        signs=np.array(signs, dtype=np.float32),
        labels=[label for one in sets for label in one.labels],
        weights=np.concatenate([np.full(len(one.texts), one.weight, dtype=np.float32) for one in sets]),
        real=np.concatenate([np.full(len(one.texts), place < real) for place, one in enumerate(sets)]),
    )


def _weak_questions(questions: Labelled) -> Labelled:
    chance = random.Random(SEED)  # noqa: S311 - a sample to learn from, no secret
    by_intent = dict.fromkeys(WENT_WRONG.split(), "negative") | dict.fromkeys(ASKS_HOW.split(), "neutral")
    labels = [by_intent.get(intent, "") for intent in questions.labels]
    places: list[int] = []
    for label in ("negative", "neutral"):
        places += chance.sample([at for at, one in enumerate(labels) if one == label], QUESTIONS_OF_A_LABEL)
    return Labelled([questions.texts[at] for at in places], [labels[at] for at in places], WEAK_WEIGHT)


def _figures(arrays: dict[str, NDArray[Any]], unseen: Examples) -> dict[str, float]:
    scores = scored(arrays, unseen)
    figures = measure(unseen.labels, [LABELS[at] for at in scores.argmax(axis=1)])
    truth = np.array([LABELS.index(label) for label in unseen.labels])
    probabilities: Floats = softmax(scores, float(arrays["temperature"]))
    kept = {name: figures[name] for name in ("macro_f1", "macro_recall", "accuracy")}
    return kept | {"calibration_error": calibration_error(probabilities, truth)}


def _transfer(name: str, sets: list[Labelled], other: Labelled, vectors: KeptVectors) -> dict[str, float]:
    arrays = {**weights(examples(sets, vectors, real=1), RECIPE), "temperature": np.array(1.0)}
    return {f"{name} macro_f1": _figures(arrays, examples([other], vectors, real=1))["macro_f1"]}
