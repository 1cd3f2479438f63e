"""Which analyst: a name from the settings to a running one.

Others plug in as an entry point of the group ``signalstream.analysts``, or as ``package.module:factory``; either is
a function from Settings to an Analyst.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import structlog

from signalstream.ai.analyst import Analyst
from signalstream.ai.local.pii_policy import load_policies
from signalstream.ai.local.taxonomy import load_taxonomies
from signalstream.core.tags import Tagger
from signalstream.errors import ConfigurationError
from signalstream.settings import Settings

if TYPE_CHECKING:
    from signalstream.ai.local.analyst import LocalAnalyst
    from signalstream.ai.local.pii_finder import PersonalDataFinder
    from signalstream.ai.remote.analyst import RemoteAnalyst
    from signalstream.ai.remote.provider import Provider

GROUP = "signalstream.analysts"
Factory = Callable[[Settings], Analyst]
log = structlog.get_logger()


def choose_analyst(settings: Settings, tagger: Tagger | None = None) -> Analyst:
    """Return the analyst that SIGNALSTREAM_ANALYST names. Raises ConfigurationError for one that is not there.

    ``tagger`` makes the tags by which conversations know values; without it there are turns as they were written only.
    """
    name = chosen_name(settings)
    if name == "local":
        return _local(settings, _finder(settings, tagger))
    if name in REMOTE:
        return _remote(REMOTE[name](settings), settings, _finder(settings, tagger))
    factory = _imported(name) if ":" in name else _installed(name)
    if factory is None:
        known = ", ".join(["auto", "local", *REMOTE, *(point.name for point in entry_points(group=GROUP))])
        raise ConfigurationError(
            f"SIGNALSTREAM_ANALYST: there is no analyst {name!r}; known: {known}, or package.module:factory"
        )
    return factory(settings)


def chosen_name(settings: Settings) -> str:
    """Return the name that SIGNALSTREAM_ANALYST comes to: ``auto`` is Gemini where there is a key for it."""
    if settings.analyst != "auto":
        return settings.analyst
    return "local" if settings.gemini_api_key is None else "gemini"


def _gemini(settings: Settings) -> Provider:
    from signalstream.ai.gemini import gemini  # noqa: PLC0415 - half a second and 80 MB, for who chooses it

    return gemini(settings)


def _openai(settings: Settings) -> Provider:
    from signalstream.ai.remote.openai import openai  # noqa: PLC0415 - aiohttp's client, for who chooses it

    return openai(settings)


REMOTE: Mapping[str, Callable[[Settings], Provider]] = MappingProxyType({"gemini": _gemini, "openai": _openai})
"""The models of other servers that come with this package; whoever answers in their stead is the local analyst."""


def _remote(provider: Provider, settings: Settings, finder: PersonalDataFinder) -> RemoteAnalyst:
    from signalstream.ai.remote.composition import remote_analyst  # noqa: PLC0415 - as LocalAnalyst below
    from signalstream.ai.remote.outgoing import Outgoing  # noqa: PLC0415 - as LocalAnalyst below

    log.info("analyst.remote", engine=provider.name, model=provider.model, sends="texts, redacted first")
    outgoing = Outgoing(finder, load_taxonomies(settings.taxonomy_file))
    return remote_analyst(provider, settings, _local(settings, finder), outgoing)


def _finder(settings: Settings, tagger: Tagger | None) -> PersonalDataFinder:
    from signalstream.ai.local.pii_finder import PersonalDataFinder  # noqa: PLC0415 - as LocalAnalyst below

    return PersonalDataFinder(load_policies(settings.pii_policy_file), tagger=tagger)


def _local(settings: Settings, finder: PersonalDataFinder) -> LocalAnalyst:
    from signalstream.ai.local.analyst import LocalAnalyst  # noqa: PLC0415 - 20 MB with NumPy, for who chooses it

    return LocalAnalyst(finder, load_taxonomies(settings.taxonomy_file), settings=settings)


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
