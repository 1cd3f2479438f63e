"""The models of the local analyst, as far as they are there: what does not load is named with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from signalstream.ai.local.encoder import Encoder
from signalstream.ai.local.head_files import read_head
from signalstream.ai.local.heads import Head, head_of
from signalstream.ai.local.intent import intent_heads_for
from signalstream.ai.local.intent_heads import IntentHead
from signalstream.ai.local.minilm import load_minilm
from signalstream.ai.local.request_signs import SIGNS as REQUEST_SIGNS
from signalstream.ai.local.sentiment_signs import SIGNS as SENTIMENT_SIGNS
from signalstream.ai.local.taxonomy import Taxonomy
from signalstream.errors import ModelUnavailableError

HEAD_SIGNS = {"sentiment": SENTIMENT_SIGNS, "requests": REQUEST_SIGNS}


@dataclass(frozen=True)
class LocalModels:
    """The encoder with its heads; all of them rest on it. ``missing`` says what is not there, and why."""

    encoder: Encoder | None = None
    heads: Mapping[str, Head] = field(default_factory=dict)
    intents: Mapping[str, IntentHead] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def load_models(taxonomies: Mapping[str, Taxonomy], search: Iterable[str] | None = None) -> LocalModels:
    """Load what is there: a second of work, more for a large taxonomy. Call it in a thread; it starts nothing.

    ``search`` are directories to look for the encoder's package in, by default sys.path.
    """
    try:
        model = load_minilm(search)
    except ModelUnavailableError as error:
        return LocalModels(missing=(f"encoder: {error}",))
    heads: dict[str, Head] = {}
    missing: list[str] = []
    for name, signs in HEAD_SIGNS.items():
        try:
            heads[name] = _head(name, signs)
        except ModelUnavailableError as error:
            missing.append(f"{name}: {error}")
    return LocalModels(Encoder(model.run), heads, intent_heads_for(model.run, taxonomies), tuple(missing))


def _head(name: str, signs: tuple[str, ...]) -> Head:
    head = head_of(read_head(name))
    if head.signs != signs:
        raise ModelUnavailableError(f"the head {name!r} was trained for other signs; train it again or reinstall")
    return head
