"""What intents there are: labels with sample sentences, the eight of the wire contract or a tenant's own.

A tenant's labels come from a JSON file that SIGNALSTREAM_TAXONOMY_FILE names: tenant to label to sentences, and ``*``
for every tenant that is not named. Instead of its sentences a label may have an object: ``sentences``, and what to do
(``actions``) and to reply (``response``). ``General Inquiry`` is what a message gets that no label fits: it needs no
sample, and sentences given for it are such as no label fits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from signalstream.ai.local.intent_rules import GENERAL
from signalstream.errors import ConfigurationError

ANY_TENANT = "*"
MOST_LABELS = 400
MOST_SENTENCES = 20_000
MOST_CHARACTERS = 1_000
_PARTS = {"sentences", "actions", "response"}


@dataclass(frozen=True)
class Advice:
    """What a label's definition says to do and to reply; empty where it says nothing of it."""

    actions: tuple[str, ...] = ()
    response: str = ""


@dataclass(frozen=True)
class Taxonomy:
    """Labels with their sample sentences, each label with one or more.

    ``others`` are sentences that no label fits: what is like them gets none. ``advice`` is that of labels which bring
    some.
    """

    samples: Mapping[str, tuple[str, ...]]
    others: tuple[str, ...] = ()
    advice: Mapping[str, Advice] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in their order."""
        return tuple(self.samples)

    def rows(self) -> list[tuple[str, int]]:
        """Return each sentence with the place of its label; that of ``others`` is one past the last label."""
        labelled = [(text, at) for at, label in enumerate(self.samples) for text in self.samples[label]]
        return [*labelled, *((text, len(self.samples)) for text in self.others)]


def load_taxonomies(path: Path | None) -> dict[str, Taxonomy]:
    """Return tenant -> taxonomy; empty without a file. Raises ConfigurationError that says where the file is wrong."""
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read the taxonomy file {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigurationError(f"the taxonomy file {path} is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"the taxonomy file {path} must hold an object: tenant -> label -> sentences")
    return {str(tenant): _taxonomy(f"{path}: {tenant}", labels) for tenant, labels in content.items()}


def _taxonomy(where: str, labels: object) -> Taxonomy:
    if not isinstance(labels, dict) or len(labels) < 2 or len(labels) > MOST_LABELS:
        raise ConfigurationError(f"{where}: expected an object of 2 to {MOST_LABELS} labels with their sentences")
    samples = {str(label): _sentences(f"{where}: {label}", _part(given)) for label, given in labels.items()}
    if sum(len(one) for one in samples.values()) > MOST_SENTENCES:
        raise ConfigurationError(f"{where}: more than {MOST_SENTENCES} sentences; leave out what is nearly the same")
    others = samples.pop(GENERAL, ())
    advice = {str(label): _advice(f"{where}: {label}", given) for label, given in labels.items()}
    return Taxonomy(samples, others, {label: given for label, given in advice.items() if given != Advice()})


def _part(given: object) -> object:
    return given.get("sentences", []) if isinstance(given, dict) else given


def _advice(where: str, given: object) -> Advice:
    if not isinstance(given, dict):
        return Advice()
    if unknown := sorted(map(str, set(given) - _PARTS)):
        raise ConfigurationError(f"{where}: unknown {', '.join(unknown)}; known: {', '.join(sorted(_PARTS))}")
    actions, response = given.get("actions", []), given.get("response", "")
    if not isinstance(actions, list) or not all(isinstance(one, str) and _fits(one) for one in actions):
        raise ConfigurationError(f"{where}: actions: expected a list of texts, none empty or over {MOST_CHARACTERS}")
    if not isinstance(response, str) or ("response" in given and not _fits(response)):
        raise ConfigurationError(f"{where}: response: expected a text, not empty or over {MOST_CHARACTERS} characters")
    return Advice(tuple(actions), response)


def _fits(text: str) -> bool:
    return bool(text.strip()) and len(text) <= MOST_CHARACTERS


def _sentences(where: str, given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) and one.strip() for one in given):
        raise ConfigurationError(f"{where}: expected a list of sample sentences, none of them empty")
    if not given and not where.endswith(f": {GENERAL}"):
        raise ConfigurationError(f"{where}: no sample sentence; give at least one, better five or more")
    if any(len(one) > MOST_CHARACTERS for one in given):
        raise ConfigurationError(f"{where}: a sentence is longer than {MOST_CHARACTERS} characters")
    return tuple(given)


DEFAULT = Taxonomy(
    {
        "Refund Request": (
            "I want my money back",
            "I would like a refund for my order",
            "Please refund the payment",
            "Where is my refund? It has not arrived yet",
            "I returned the item and have not been reimbursed",
            "I want to send this back and get a refund",
            "How do I get reimbursed for this?",
            "When will the money be returned to my card?",
        ),
        "Technical Issue": (
            "The app crashes every time I open it",
            "The website does not load and shows an error",
            "It stopped working after the update",
            "I get an error message when I click save",
            "My device does not turn on any more",
            "The internet connection keeps dropping",
            "The page is blank and nothing happens",
            "The service is down, we cannot use it",
            "Our shop has been down for an hour and every request fails with an error code",
            "The product arrived broken and does not work",
        ),
        "Billing Inquiry": (
            "Why was I charged twice this month?",
            "There is a charge on my bill that I do not understand",
            "Can you send me the invoice for last month?",
            "My payment was declined",
            "How can I change my payment method?",
            "How much does the premium plan cost?",
            "What is this fee on my statement?",
            "The amount on the invoice is wrong",
            "Which credit cards do you accept?",
        ),
        "Feature Request": (
            "It would be great if you could add a dark mode",
            "Please add support for exporting to Excel",
            "I wish there was a way to sort the list",
            "Do you plan to integrate with other tools?",
            "A suggestion: let us schedule messages",
            "Could you make it possible to have several users?",
            "I would love to see an option for this in the app",
        ),
        "Complaint": (
            "I am very disappointed with your service",
            "Your employee was rude to me",
            "This is the worst service I have ever had",
            "I want to make a complaint",
            "I have been waiting for hours and nobody helps me",
            "It is unacceptable how you treat your customers",
            "My order is late again and nobody tells me anything",
            "I want to speak to a manager about this",
            "Somebody was supposed to come this morning, and nobody came or called",
        ),
        "Account Issue": (
            "I cannot log in to my account",
            "I forgot my password and need to reset it",
            "My account has been locked",
            "I want to change the email address of my account",
            "I need to update my personal details",
            "I did not receive the verification code",
            "Someone else has access to my account",
            "How do I create an account?",
            "I need to verify my identity",
        ),
        "Cancellation": (
            "I want to cancel my subscription",
            "Please cancel my order",
            "How do I close my account?",
            "I would like to end my contract",
            "Stop the automatic renewal",
            "I no longer need the service, please terminate it",
            "Cancel my booking for next week",
        ),
    },
    others=(
        *("Thanks", "Thank you so much for your help", "That was quick, thank you", "Great, you made my day"),
        *("Everything is fine now, many thanks", "The service was brilliant, I am very happy", "Perfect", "I see"),
        *("Ok", "Okay, got it", "Yes", "Yes please", "No", "No, thanks", "Sure, go ahead", "That would be great"),
        *("Hello", "Hello?", "Are you still there?", "Good morning", "Hi there, I have a question", "Goodbye"),
        *("Any news?", "Is there any update on this?", "How long will that take?", "When will it be done?"),
        *("I am still waiting", "All right, I will wait", "Please hurry", "Can you do that now?"),
        *("One moment please", "Sorry, I was away", "What do you mean?", "I already told you that", "I hope so"),
        *("My name is Ann Smith", "It is 4471", "Tomorrow works for me", "You can call me at this number"),
        *("I will believe it when I see it", "It is next to the front door", "Let me have a look"),
        *("I do not understand how this is supposed to work", "How does this work?", "Where do I find that?"),
    ),
)
"""The intents of the wire contract but General Inquiry, which is the answer when none of these fits.

The others say little: they are part of a conversation whose intent other messages tell.
"""
