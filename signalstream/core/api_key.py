"""What an API key looks like: ``signalstream_<id>_<secret><checksum>``, so that people and scanners know one at sight.

The id is public and stands in logs; the secret is 256 random bits. The checksum tells a mistyped key, or text that only
looks like a key, from a wrong one without asking anyone; it guards nothing.
"""

from __future__ import annotations

import base64
import re
import zlib
from typing import NamedTuple

PREFIX = "signalstream_"
ID_BYTES = 8
SECRET_BYTES = 32
_ID = r"[a-z2-7]{13}"
KEY_PATTERN = rf"{PREFIX}{_ID}_[a-z2-7]{{52}}[0-9a-f]{{8}}"
_KEY = re.compile(KEY_PATTERN)
_KEY_ID = re.compile(_ID)


class ApiKey(NamedTuple):
    """A key as its holder has it: ``text`` is the secret whole, ``key_id`` the part that may be shown."""

    key_id: str
    text: str


def make_key(random: bytes) -> ApiKey:
    """Return the key made of 40 random bytes: 8 for its id, 32 for its secret."""
    if len(random) != ID_BYTES + SECRET_BYTES:
        raise ValueError(f"a key is made of {ID_BYTES + SECRET_BYTES} random bytes, not of {len(random)}")
    key_id = _letters(random[:ID_BYTES])
    body = f"{PREFIX}{key_id}_{_letters(random[ID_BYTES:])}"
    return ApiKey(key_id, body + _checksum(body))


def read_key(text: str) -> ApiKey | None:
    """Return the key that ``text`` is, or None for what was never a key: another shape or a wrong checksum."""
    if not _KEY.fullmatch(text) or _checksum(text[:-8]) != text[-8:]:
        return None
    return ApiKey(text[len(PREFIX) :].partition("_")[0], text)


def is_key_id(text: str) -> bool:
    """Say whether ``text`` may be the id of a key."""
    return _KEY_ID.fullmatch(text) is not None


def looks_like_a_key(text: str) -> bool:
    """Say whether ``text`` means to be an API key rather than a token."""
    return text.startswith(PREFIX)


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
