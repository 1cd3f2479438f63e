"""Which analyst: a name from the settings to a running one.

Others plug in as an entry point of the group ``signalstream.analysts``, or as ``package.module:factory``; either is
a function from Settings to an Analyst.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

import structlog

from signalstream.ai.analyst import Analyst
from signalstream.ai.local.analyst import LocalAnalyst
from signalstream.ai.local.pii_finder import PersonalDataFinder
from signalstream.ai.local.pii_policy import load_policies
from signalstream.ai.local.taxonomy import load_taxonomies
from signalstream.errors import ConfigurationError
from signalstream.settings import Settings

GROUP = "signalstream.analysts"
Factory = Callable[[Settings], Analyst]
log = structlog.get_logger()


def choose_analyst(settings: Settings) -> Analyst:
    """Return the analyst that SIGNALSTREAM_ANALYST names. Raises ConfigurationError for one that is not there."""
    name = settings.analyst
    if name == "auto":
        if settings.gemini_api_key is not None and _installed("gemini") is None:
            log.warning("analyst.key_unused", reason="this version has no Gemini analyst; the local one is used")
        name = "gemini" if settings.gemini_api_key is not None and _installed("gemini") else "local"
    if name == "local":
        finder = PersonalDataFinder(load_policies(settings.pii_policy_file))
        return LocalAnalyst(finder, load_taxonomies(settings.taxonomy_file), settings=settings)
    factory = _imported(name) if ":" in name else _installed(name)
    if factory is None:
        known = ", ".join(["auto", "local", *(point.name for point in entry_points(group=GROUP))])
        raise ConfigurationError(
            f"SIGNALSTREAM_ANALYST: there is no analyst {name!r}; known: {known}, or package.module:factory"
        )
    return factory(settings)


def _installed(name: str) -> Factory | None:
    for point in entry_points(group=GROUP, name=name):
        return cast("Factory", point.load())
    return None


def _imported(path: str) -> Factory:
    module, _, attribute = path.partition(":")
    try:
        factory = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"SIGNALSTREAM_ANALYST: cannot import {path!r}: {error}") from error
    if not callable(factory):
        raise ConfigurationError(f"SIGNALSTREAM_ANALYST: {path!r} is no function from Settings to an analyst")
    return cast("Factory", factory)
