"""What stands in the place of personal data: [EMAIL_1], and the same value keeps its number through a conversation.

A conversation remembers the values of its messages as tags: salted digests, too short to be turned back with certainty,
of a value as it is compared (an e-mail address without regard to case, a number without its spaces). They are numbered
for each kind from 1, in the order in which they came.

What only a model finds, and finds later than the row is written, is in no row. It gets a number of five digits that
follows from its tag alone; so does what comes when a row is full. So every process gives the same number to the same
value, at any time, without asking another. A value that stood in a kept message before a pattern found it was given
such a number, and keeps it.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from uuid import UUID

from signalstream.core.redaction import PLACEHOLDER, Span, apply_spans
from signalstream.models.conversation import KnownValues

MOST_VALUES = 256  # remembered by a conversation, some 5 kB of its row
FIRST_UNKNOWN = 10_000
_UNKNOWN = 90_000
_DIGEST_BYTES = 6
_SALT_BYTES = 12
_WITH_MARKS = frozenset({"CARD_EXPIRY", "COORDINATES", "DATE_OF_BIRTH", "IP_ADDRESS"})
_OF_DIGITS_AND_LETTERS = frozenset({"IBAN", "LICENSE_PLATE", "MAC_ADDRESS", "NATIONAL_ID", "VAT_NUMBER"})
_QUOTES = str.maketrans("\u2018\u2019\u02bc", "'''")


def begun(tenant_id: str, conversation_id: str, message_id: UUID) -> KnownValues:
    """Return what a conversation knows before its first message: nothing, and its salt.

    The salt follows from the ids of the conversation and of its first message, so that a redelivery makes the same.
    """
    seed = f"{tenant_id}/{conversation_id}".encode("utf-8", "surrogatepass")
    digest = blake2b(message_id.bytes, key=blake2b(seed, digest_size=32).digest(), digest_size=_SALT_BYTES)
    return KnownValues(salt=base64.b85encode(digest.digest()).decode())


def learned(known: KnownValues, text: str, spans: Sequence[Span], kept: Sequence[str] = ()) -> KnownValues:
    """Return ``known`` with the values of ``spans`` in ``text``.

    A value that stands in one of the ``kept`` texts is left out, and so is what is beyond MOST_VALUES. Placeholders
    that ``text`` itself holds are reserved: their numbers are not given out.
    """
    numbers = _reserving(known.numbers, text)
    for span in spans:
        label, value = label_of(span.kind), text[span.start : span.end]
        tag = _tag(known.salt, label, value)
        if _may_number(numbers, label, tag) and not any(_stands_in(value, other) for other in kept):
            numbers[label] = numbers.get(label, 0) + 1
            numbers[tag] = numbers[label]
    return known if numbers == known.numbers else KnownValues(salt=known.salt, numbers=numbers)


def learned_tags(known: KnownValues, tags: Sequence[str], text: str, kept: Sequence[str] = ()) -> KnownValues:
    """Return ``known`` with values that are known by keyed tags alone, as ``EMAIL:k3x9q2ab``.

    A value whose own number stands in one of the ``kept`` texts, where a model found it first, keeps that. Placeholders
    that ``text`` itself holds are reserved, as above.
    """
    numbers = _reserving(known.numbers, text)
    for tag in tags:
        label = tag.partition(":")[0]
        if _may_number(numbers, label, tag):
            own = f"[{label}_{_own_number(tag)}]"
            if not any(own in other for other in kept):
                numbers[label] = numbers.get(label, 0) + 1
                numbers[tag] = numbers[label]
    return known if numbers == known.numbers else KnownValues(salt=known.salt, numbers=numbers)


def placeholders(
    known: KnownValues, text: str, spans: Sequence[Span], tag_of: Callable[[str, str], str] | None = None
) -> tuple[str, ...]:
    """Return what stands in each span's place. Spans that hold the same value of a kind have the same.

    ``tag_of`` makes a value's keyed tag where the conversation knows values by those (``signalstream.core.tags``).
    """
    names = []
    for span in spans:
        label, value = label_of(span.kind), text[span.start : span.end]
        tag = f"{label}:{tag_of(label, value)}" if tag_of else _tag(known.salt, label, value)
        names.append(placeholder(known, tag))
    return tuple(names)


def placeholder(known: KnownValues, tag: str) -> str:
    """Return what stands in the place of the value with this tag, which begins with its label."""
    return f"[{tag.partition(':')[0]}_{known.numbers.get(tag) or _own_number(tag)}]"


def is_given_out(known: KnownValues, name: str) -> bool:
    """Say whether a value of the conversation has ``name``, as in [EMAIL_1], by its row."""
    label, _, number = name[1:-1].rpartition("_")
    return any(str(given) == number and tag.startswith(f"{label}:") for tag, given in known.numbers.items())


def redacted(
    text: str,
    spans: Sequence[Span],
    known: KnownValues | None = None,
    tag_of: Callable[[str, str], str] | None = None,
) -> str:
    """Return ``text`` with every span replaced by its placeholder. Spans must not overlap, and be in order.

    Without ``known`` the text stands for itself: its values are numbered from 1.
    """
    if not spans:
        return text
    known = learned(KnownValues(), text, spans) if known is None else known
    return apply_spans(text, spans, placeholders(known, text, spans, tag_of))


def _reserving(known: Mapping[str, int], text: str) -> dict[str, int]:
    numbers = dict(known)
    for match in PLACEHOLDER.finditer(text):
        # In a full row no number is given out that could be taken for it; and whoever writes a thousand fills no row.
        if int(match[2]) < FIRST_UNKNOWN and (match[1] in numbers or len(numbers) < MOST_VALUES):
            numbers[match[1]] = max(numbers.get(match[1], 0), int(match[2]))
    return numbers


def _may_number(numbers: Mapping[str, int], label: str, tag: str) -> bool:
    return tag not in numbers and len(numbers) < MOST_VALUES and numbers.get(label, 0) + 1 < FIRST_UNKNOWN


def _own_number(tag: str) -> int:
    return FIRST_UNKNOWN + int.from_bytes(tag.encode()[-6:], "big") % _UNKNOWN


def label_of(kind: str) -> str:
    """Return what a placeholder calls a type: ``CREDIT_CARD``."""
    return re.sub(r"[^A-Z0-9]+", "_", kind.upper()).strip("_") or "VALUE"


def _tag(salt: str, label: str, value: str) -> str:
    """Return label and digest: a label alone, which has no colon, is the key of its highest number."""
    data = f"{label}:{compared(label, value)}".encode("utf-8", "surrogatepass")
    digest = blake2b(data, key=salt.encode(), digest_size=_DIGEST_BYTES).digest()
    return f"{label}:{base64.b85encode(digest).decode()}"


def _stands_in(value: str, text: str) -> bool:
    wanted, folded = value.casefold(), text.casefold()
    return wanted in folded and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", folded) is not None


def compared(label: str, value: str) -> str:
    """Return a value as values of its label are compared.

    Without case, spaces and what nobody sees, however its characters were typed; numbers without the marks between
    their digits, except where these tell values apart as in 10.1.11.1; phone numbers with 00 and a (0) as with +.
    """
    plain = "".join(value.casefold().split())
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
        plain = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    if label == "PHONE":
        plain = re.sub(r"^(?:\+|00)(\d{1,3})[-.]?\(0\)|^(?:\+|00)", r"\1", plain)
    if label in _WITH_MARKS or (label not in _OF_DIGITS_AND_LETTERS and any(each.isalpha() for each in plain)):
        return plain.translate(_QUOTES) or value
    return "".join(each for each in plain if each.isalnum()) or value
