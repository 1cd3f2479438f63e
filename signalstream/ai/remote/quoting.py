"""Where a value that a model quotes stands in the message: we look for it, a model cannot count characters.

The quote is searched in the plain form of the message as it was written, as whole words, without regard to case and to
the width of spaces. Scripts without spaces between words have no such ends. What was redacted before is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from signalstream.ai.local.evidence import CUED
from signalstream.ai.local.searchable import FILLER, searchable
from signalstream.ai.remote.wire import PiiQuote
from signalstream.core.redaction import Span

DETECTOR = "remote"
MOST_CHARACTERS = 200
LEAST_CHARACTERS = 2
_LETTER = r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"


def located(text: str, item: PiiQuote) -> Iterator[Span]:
    """Yield every place of a quote in ``text``, in code points; none for one that is not there.

    Placeholders at the quote's ends are left off; one within makes two values of it, which is no quote.
    """
    quote = searchable(item.quote[:MOST_CHARACTERS]).plain.strip(f"{FILLER} \t\n\r")
    if FILLER in quote or sum(character.isalnum() for character in quote) < LEAST_CHARACTERS:
        return
    view = searchable(text)
    for match in re.finditer(_whole(quote), view.plain, re.IGNORECASE):
        yield view.origin(Span(match.start(), match.end(), item.kind.value, DETECTOR, CUED))


def _whole(quote: str) -> str:
    before = rf"(?<!{_LETTER})" if re.match(_LETTER, quote[0]) else ""
    after = rf"(?!{_LETTER})" if re.match(_LETTER, quote[-1]) else ""
    return before + r"\s+".join(re.escape(word) for word in quote.split()) + after
