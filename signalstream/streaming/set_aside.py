"""Setting a partition's local rows aside, so that they are read anew from the changelog.

Upstream ends the worker when local rows go further than their changelog (faust-streaming #158): the topic was made
anew, or its broker has lost records. The rows are renamed, not removed: they may be the last ones there are.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any


def set_aside(store: Any, partition: int) -> Path:
    """Close a partition of a RocksDB store, rename its directory, open an empty one; return the new name."""
    store.release(partition)
    path: Path = store.partition_path(partition)
    aside = _free_name(path)
    path.rename(aside)
    store._db_for_partition(partition)
    return aside


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.ahead-of-changelog-{number}") for number in itertools.count(1))
    return next(name for name in names if not name.exists())
