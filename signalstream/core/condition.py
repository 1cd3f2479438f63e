"""A verdict on the state of a process, with the state of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    """``parts`` maps a part's name to its details, each with at least ``status``."""

    ok: bool
    parts: Mapping[str, Mapping[str, object]]
