"""The model card: what the heads are, what they learned from, and what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

BEGIN = """# Heads of the local analyst

Small linear models over the encoder's vector, the words and the signs of a text. `python -m training --data DIR` writes
this folder; `index.json` holds the hashes that are checked when a head is loaded. Sources whose licence asks for it are
named in NOTICE.

Made for: English messages to a support desk. A message most of whose words a head has never seen is left to rules.
Known weaknesses: irony; messages whose tone only the conversation tells; languages other than English. Sentiments of
support messages were learned from opinions and from sentence frames, not from labelled conversations. Confidences are
calibrated on the sources, so they may be too high on texts that differ from them. The sentences of e-mails count few
plain wishes and promises ("I'd like to move it", "we'll ship it") as requests or commitments: `requests` is unsure of
those, and rules should have a say beside it.

What is measured: "cross-validated" is on texts of the sources that the head had not seen. TweetEval's validation split
(SemEval-2017) is measured on, never learned from. "tweets to reviews" is a head that has seen no review, judged on
reviews.
"""


def card(index: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the card in Markdown."""
    return BEGIN + "".join(f"\n{line}" for name in sorted(index) for line in _lines(name, index[name])) + "\n"


def _lines(name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    yield "Trained on:"
    yield ""
    yield from (f"- {source}" for source in entry["trained_on"])
    yield ""
    if entry["measured"]:
        yield "| measured | |"
        yield "| --- | --- |"
        yield from (f"| {figure} | {value:.3f} |" for figure, value in entry["measured"].items())
        yield ""
