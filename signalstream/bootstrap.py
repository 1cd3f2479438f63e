"""The composition root: settings → services → apps. With ``composition/`` the only place that picks real parts."""

from __future__ import annotations

import structlog

from signalstream.admission import check_listening
from signalstream.agents.registry import AI_AGENT_NAMES
from signalstream.ai.choice import choose_analyst
from signalstream.composition.analyses import add_analysis_agents
from signalstream.composition.apps import main_app, other_apps, pace_of
from signalstream.composition.parts import Parts
from signalstream.composition.serving import web_services
from signalstream.core.sealing import UNSEALED
from signalstream.core.tags import KeyedTagger
from signalstream.encryption import encryption
from signalstream.models.tenant_key import TenantKeyRecord
from signalstream.policies import ReplicaPolicies
from signalstream.settings import Settings
from signalstream.streaming.application import SignalApp
from signalstream.streaming.clients import connection
from signalstream.streaming.measuring import show_worker
from signalstream.streaming.storage import check_data_dir
from signalstream.telemetry import configure_logging
from signalstream.web.site import attach

log = structlog.get_logger()


def build(settings: Settings) -> SignalApp:
    """Return the app that ``faust -A signalstream worker`` runs, with everything that it hosts."""
    configure_logging(settings)
    check_exposure(settings)
    check_data_dir(settings.data_dir)
    encrypting = encryption(settings, _say_made)
    analyst = choose_analyst(settings, KeyedTagger((encrypting.vault if encrypting else UNSEALED).secret_of))
    policies = ReplicaPolicies(settings, connection(settings))
    pace = pace_of(settings)
    main = main_app(settings, encrypting, policies, pace)
    parts = Parts(settings, analyst, main, (main, *other_apps(settings, pace)), encrypting, policies)
    services = web_services(parts)
    add_analysis_agents(parts)
    show_worker(parts.metrics, settings, parts.apps)
    attach(main, services, settings, AI_AGENT_NAMES)
    return main


def check_exposure(settings: Settings) -> None:
    """Refuse what this version cannot keep safe. Raises ConfigurationError."""
    check_listening(settings, settings.host)


def _say_made(record: TenantKeyRecord) -> None:
    log.info("vault.key_made", tenant_id=record.tenant_id, key_id=record.key_id, version=record.version)
