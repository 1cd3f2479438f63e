"""Both kinds of credentials behind one door, and what a deployment must say to have one."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from signalstream.core.api_key import is_key_id, looks_like_a_key
from signalstream.core.clock import Clock
from signalstream.core.jwt_shape import MOST_CHARACTERS
from signalstream.core.key_uses import KeyUses
from signalstream.errors import ConfigurationError, CredentialError
from signalstream.security.hashing import ADVICE, load_secrets
from signalstream.security.key_fetch import FromAddress, FromFile
from signalstream.security.key_ring import KeyRing
from signalstream.security.key_rows import KeyRows
from signalstream.security.key_set import KeySetCache
from signalstream.security.principal import Principal
from signalstream.security.tokens import Expected, TokenVerifier
from signalstream.security_settings import SecuritySettings

TOO_LONG = f"A credential has at most {MOST_CHARACTERS} characters."
NO_KEYS = "This deployment takes no API keys; send a token of its issuer."
NO_TOKENS = "This deployment takes API keys only, and this is none."
EXPIRED = "This credential has expired. Connect again with another."
NOTHING = (
    "SIGNALSTREAM_AUTH=required, and no credential could ever be accepted: for API keys "
    f"{ADVICE}; for tokens set SIGNALSTREAM_JWT_ISSUER, SIGNALSTREAM_JWT_AUDIENCE and SIGNALSTREAM_JWT_KEYS_URL. "
    "Without credentials: SIGNALSTREAM_AUTH=off on loopback, or `signalstream dev`"
)


class Authenticator(Protocol):
    """Tells who holds a credential."""

    async def authenticate(self, credential: str) -> Principal:
        """Return who holds it. Raises CredentialError, AuthenticationUnavailableError."""
        ...

    def check(self, principal: Principal) -> None:
        """Raise CredentialError when what was accepted before no longer holds: it expired or was revoked."""
        ...


class CredentialCheck:
    """The check of API keys and of tokens, either of which may be absent."""

    def __init__(self, keys: KeyRing | None, tokens: TokenVerifier | None, clock: Clock) -> None:
        self._keys = keys
        self._tokens = tokens
        self._clock = clock

    async def authenticate(self, credential: str) -> Principal:
        """See Authenticator."""
        if len(credential) > MOST_CHARACTERS:
            raise CredentialError(TOO_LONG)
        if looks_like_a_key(credential):
            if self._keys is None:
                raise CredentialError(NO_KEYS)
            return self._keys.verify(credential)
        if self._tokens is None:
            raise CredentialError(NO_TOKENS)
        return await self._tokens.verify(credential)

    def check(self, principal: Principal) -> None:
        """See Authenticator."""
        if principal.expires_at is not None and self._clock.now() >= principal.expires_at:
            raise CredentialError(EXPIRED, "credential-expired")
        if self._keys is not None and is_key_id(principal.credential):
            self._keys.check(principal.credential)


def key_ring(
    settings: SecuritySettings,
    rows: KeyRows,
    clock: Clock,
    is_fresh: Callable[[], bool],
    audited: KeyUses | None = None,
) -> KeyRing | None:
    """Return the check of API keys, or None where there is no secret. Raises ConfigurationError."""
    secrets = load_secrets(settings)
    return None if secrets is None else KeyRing(rows, secrets, clock, is_fresh, audited)


def key_set(settings: SecuritySettings) -> KeySetCache | None:
    """Return the issuer's keys, or None where no issuer is named. Raises ConfigurationError."""
    if settings.jwt_issuer is None:
        given = [name for name in ("audience", "keys_url", "keys_file") if getattr(settings, f"jwt_{name}") is not None]
        if given:
            raise ConfigurationError(
                f"SIGNALSTREAM_JWT_{given[0].upper()} is set without SIGNALSTREAM_JWT_ISSUER; name the issuer too"
            )
        return None
    if settings.jwt_audience is None:
        raise ConfigurationError(
            "SIGNALSTREAM_JWT_ISSUER is set without SIGNALSTREAM_JWT_AUDIENCE: a token that the issuer made for "
            "another program would be accepted; set the audience"
        )
    if (settings.jwt_keys_url is None) == (settings.jwt_keys_file is None):
        raise ConfigurationError("set one of SIGNALSTREAM_JWT_KEYS_URL and SIGNALSTREAM_JWT_KEYS_FILE")
    return KeySetCache(
        FromFile(settings.jwt_keys_file) if settings.jwt_keys_file else FromAddress(settings.jwt_keys_url or ""),
        time.monotonic,
        refresh_seconds=settings.jwt_keys_refresh_seconds,
        retry_seconds=settings.jwt_keys_retry_seconds,
        outage_seconds=settings.jwt_keys_outage_seconds,
    )


def credential_check(
    settings: SecuritySettings, keys: KeyRing | None, issuer_keys: KeySetCache | None, clock: Clock
) -> CredentialCheck:
    """Return the check of what is configured. Raises ConfigurationError when nothing is."""
    if keys is None and issuer_keys is None:
        raise ConfigurationError(NOTHING)
    if issuer_keys is None:
        return CredentialCheck(keys, None, clock)
    expected = Expected(
        issuer=settings.jwt_issuer or "",
        audience=settings.jwt_audience or "",
        tenant_claim=settings.jwt_tenant_claim,
        scope_claim=settings.jwt_scope_claim,
        leeway=timedelta(seconds=settings.jwt_leeway_seconds),
    )
    return CredentialCheck(keys, TokenVerifier(issuer_keys, expected, clock), clock)
