"""Who gives partitions up when a worker joins, so that none is left without.

With standbys, upstream's assignment lets every worker keep up to the rounded-up share: of four partitions two workers
keep two each, and a third gets nothing (faust-streaming #93).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet


def trimmed(held: Mapping[str, AbstractSet[int]], partitions: int) -> dict[str, set[int]]:
    """Return what each member keeps of what it holds: an even share of ``partitions``, rounded up for as few as can be.

    What a member gives up are its highest partitions; a partition that several hold stays with the first by name.
    """
    members = sorted(held)
    share, larger = divmod(partitions, len(members)) if members else (0, 0)
    kept: dict[str, set[int]] = {}
    taken: set[int] = set()
    for member in sorted(members, key=lambda name: (-len(held[name]), name)):
        own = sorted(held[member] - taken)
        allowed = share + (1 if larger and len(own) > share else 0)
        larger -= allowed > share
        kept[member] = set(own[:allowed])
        taken |= kept[member]
    return kept
