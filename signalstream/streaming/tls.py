"""TLS towards the brokers: which authority is believed, and what this client shows of itself."""

from __future__ import annotations

import ssl
from pathlib import Path

from signalstream.errors import ConfigurationError
from signalstream.settings import Settings, environment_name


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Return a context by the settings. Raises ConfigurationError that names the file that does not fit."""
    context = authority_context(settings.kafka_ca_file, "kafka_ca_file")
    context.check_hostname = settings.kafka_check_hostname
    certificate, key = settings.kafka_certificate_file, settings.kafka_key_file
    if certificate is not None:
        _load_pair(context, settings)
    elif key is not None:
        raise ConfigurationError(
            "SIGNALSTREAM_KAFKA_KEY_FILE is set without SIGNALSTREAM_KAFKA_CERTIFICATE_FILE; name the key's certificate"
        )
    return context


def authority_context(path: Path | None, field: str) -> ssl.SSLContext:
    """Return a context that believes the authority of a file, or the system's. Raises ConfigurationError."""
    name = environment_name(field)
    try:
        return ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        raise ConfigurationError(
            f"{name}: {path} holds no PEM certificate; name the file of the authority that signed the certificate"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{name}: {path} cannot be read ({error.strerror}); name a file that this user may read"
        ) from None


def _load_pair(context: ssl.SSLContext, settings: Settings) -> None:
    certificate, key = settings.kafka_certificate_file, settings.kafka_key_file
    assert certificate is not None
    password = settings.kafka_key_password.get_secret_value() if settings.kafka_key_password else ""
    names = (
        f"SIGNALSTREAM_KAFKA_CERTIFICATE_FILE ({certificate}) and SIGNALSTREAM_KAFKA_KEY_FILE ({key or certificate})"
    )
    for path in (certificate, key):
        if path is not None and not path.is_file():
            raise ConfigurationError(f"{names}: there is no file {path}")
    try:
        context.load_cert_chain(certificate, key, lambda: password)  # else OpenSSL asks the terminal for a password
    except ssl.SSLError as error:
        raise ConfigurationError(
            f"{names} do not go together ({error.reason or 'no PEM, or the key has another password'}); name a PEM "
            "certificate and its own key, and SIGNALSTREAM_KAFKA_KEY_PASSWORD when the key has one"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{names} cannot be read ({error.strerror}); name files that this user may read"
        ) from None
