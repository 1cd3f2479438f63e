"""What `signalstream dev` changes of the settings: open to this machine alone, no keys, nothing kept."""

from __future__ import annotations

from pathlib import Path

from signalstream.errors import ConfigurationError
from signalstream.settings import ROLES, Settings, environment_name, is_secret, load_settings
from signalstream.streaming.preflight import check_port

LOOPBACK = "127.0.0.1"
DEMO_TENANT = "demo-tenant"
EMBEDDED_PARTITIONS = 4
EMBEDDED_SESSION_SECONDS = 6
EMBEDDED_FETCH_WAIT_SECONDS = 0.05


def dev_settings(port: int | None, brokers: str, embedded: bool, data_dir: Path) -> Settings:
    """Return the settings of a development worker on ``brokers``. Raises ConfigurationError for a wrong one."""
    chosen = load_settings()
    changes: dict[str, object] = {
        "kafka_brokers": brokers,
        "data_dir": data_dir,
        "host": LOOPBACK,
        "port": chosen.port if port is None else port,
        "roles": ROLES,
        "auth": "off",
        "encryption": chosen.encryption if "encryption" in chosen.model_fields_set else "off",
        "default_tenant": chosen.default_tenant or DEMO_TENANT,
    }
    changes["advertised_url"] = f"http://{LOOPBACK}:{changes['port']}"
    if chosen.analyst == "auto" and chosen.gemini_api_key is None:
        changes["analyst"] = "local"
    if embedded:
        changes |= _for_the_embedded_broker(chosen)
    return load_settings(**changes)


def _for_the_embedded_broker(chosen: Settings) -> dict[str, object]:
    # It holds a join back for about half the session timeout and an empty fetch for all of its wait, so that every
    # hop of a message would take as long; and it has one copy of everything.
    return {
        "fetch_wait_seconds": EMBEDDED_FETCH_WAIT_SECONDS,
        "session_timeout_seconds": EMBEDDED_SESSION_SECONDS,
        "partitions": chosen.partitions if "partitions" in chosen.model_fields_set else EMBEDDED_PARTITIONS,
        "replication_factor": 1,
        "topic_creation": "create",
        "standby_replicas": 0,
    }


def worker_environment(settings: Settings) -> dict[str, str]:
    """Return the environment variables that hand these settings to a worker; the secrets it reads for itself."""
    values = {name: getattr(settings, name) for name in settings.model_fields_set if not is_secret(name)}
    return {
        environment_name(name): ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in values.items()
        if value is not None
    }


def require_free_port(port: int) -> None:
    """Raise ConfigurationError when the worker could not listen on this loopback port."""
    try:
        check_port(LOOPBACK, port)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"port {port} on {LOOPBACK} is taken; end the program that has it, or choose another with --port "
            "or SIGNALSTREAM_PORT"
        ) from error
