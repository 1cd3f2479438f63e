"""The Faust apps of a process: the one that serves, and those that it hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from signalstream.admission import check_listening
from signalstream.encryption import Encryption
from signalstream.policies import ReplicaPolicies
from signalstream.settings import Settings
from signalstream.streaming.application import SignalApp, check_versions, new_app, say_fast_paths, set_log_levels
from signalstream.streaming.garbage import settle_garbage
from signalstream.streaming.load import Load, Pace
from signalstream.streaming.pacing import idle_pace
from signalstream.streaming.preflight import check_port, preflight
from signalstream.streaming.versions import check_version
from signalstream.telemetry import logging_config
from signalstream.web.site import application_options

CORE = "core"


def ai_app_id(settings: Settings, agent: str) -> str:
    """Return the app id, and so the consumer group, of an AI agent."""
    return f"{settings.app_id}-{agent}"


def pace_of(settings: Settings) -> Pace:
    """Return the pace that the apps of a process share: they share its loop."""
    return Load().pace if settings.fast_paths else idle_pace


def main_app(
    settings: Settings,
    encrypting: Encryption | None = None,
    policies: ReplicaPolicies | None = None,
    pace: Pace = idle_pace,
) -> SignalApp:
    """Return the app of the first role, which serves, checks everything before it starts, and hosts the others."""
    first = settings.roles[0]
    app_id = settings.core_id() if first == CORE else ai_app_id(settings, first)
    main: SignalApp

    async def check() -> None:
        check_listening(settings, str(main.conf.web_bind))
        check_port(str(main.conf.web_bind), int(main.conf.web_port))
        await preflight(settings)
        if first == CORE:
            await check_version(settings)
        if encrypting is not None:  # before the first consumer, which may meet a sealed value at once
            await encrypting.start()
        if policies is not None:  # before the first record, whose tenant may have decided what becomes of it
            await policies.start()

    main = new_app(
        app_id,
        settings,
        web={"web_application_options": application_options(settings), **_address(settings)},
        logging_config=logging_config(settings),
        preflight=check,
        standby_replicas=settings.standby_replicas if first == CORE else 0,
        pace=pace,
    )
    return main


def other_apps(settings: Settings, pace: Pace = idle_pace) -> list[SignalApp]:
    """Return the apps of the other roles."""
    return [new_app(ai_app_id(settings, role), settings, pace=pace) for role in settings.roles[1:]]


def _address(settings: Settings) -> dict[str, Any]:
    address = {"web_bind": settings.host, "web_host": settings.host, "web_port": settings.port}
    return address | ({"canonical_url": settings.advertised_url} if settings.advertised_url else {})


def start_up_of(settings: Settings) -> Callable[[], Any]:
    """Return what to await first: the process as this project wants it."""

    async def start_up() -> None:
        set_log_levels(settings.log_level)
        settle_garbage()
        check_versions()
        say_fast_paths(settings.fast_paths)

    return start_up
