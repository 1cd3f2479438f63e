"""When a tenant's key has sealed enough: AES-GCM with random nonces is safe for 2^32 values of one key.

A repeated nonce gives two values away, and becomes likely enough to mind beyond that. So a key is followed by its next
version long before: after a share of the values that one process may seal, or after a month, whichever comes first.
"""

from __future__ import annotations

from datetime import datetime, timedelta

MOST_SEALS = 2**27  # of one process: 32 of them stay within 2^32
LONGEST_USE = timedelta(days=30)  # 1,600 values a second, the whole time


def is_worn(created_at: datetime, now: datetime, seals: int) -> bool:
    """Say whether a key that has sealed ``seals`` values in this process is to be followed by a new version."""
    return seals >= MOST_SEALS or now - created_at >= LONGEST_USE
