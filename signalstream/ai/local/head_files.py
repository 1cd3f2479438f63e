"""The small weights that this project trained itself: arrays in ``heads/``, listed with their hashes in an index.

``python -m training`` writes them. The index also says what each was trained on and how well it does; the same is told
in words in ``heads/README.md``.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signalstream.ai.local.model_files import checked
from signalstream.errors import ModelUnavailableError

HEADS = Path(__file__).parent / "heads"
INDEX = "index.json"

Arrays = Mapping[str, NDArray[Any]]


def read_head(name: str, folder: Path = HEADS) -> Arrays:
    """Return the arrays of a head. Raises ModelUnavailableError when it is missing, altered or unreadable."""
    try:
        entry = json.loads((folder / INDEX).read_text(encoding="utf-8"))[name]
        path, sha256 = folder / entry["file"], str(entry["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelUnavailableError(
            f"the head {name!r} is not listed in {INDEX}: {error}; reinstall signalstream"
        ) from error
    content = checked(path, sha256, "signalstream")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except (ValueError, zipfile.BadZipFile) as error:
        raise ModelUnavailableError(
            f"the head {name!r} is no file of arrays: {error}; reinstall signalstream"
        ) from error


def text_array(lines: list[str]) -> NDArray[np.uint8]:
    """Return lines of text (none holds a line break) as bytes, so that no file needs pickled objects."""
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)


def text_lines(array: NDArray[Any]) -> list[str]:
    """Return what ``text_array`` was given."""
    return bytes(array.astype(np.uint8)).decode().split("\n")
