"""The check of a JSON Web Token: signed by the issuer, for us, now; and what its claims grant."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from joserfc import jws
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from signalstream.core.clock import Clock
from signalstream.core.jwt_shape import ALGORITHMS, MOST_CHARACTERS, Unverified, claim, read_token, words_of
from signalstream.core.keys import is_tenant_id
from signalstream.errors import CredentialError
from signalstream.security.principal import SCOPES, Principal

REFUSED = "This token does not hold: it is not one that the issuer signed for this deployment."
EXPIRED = "This token has expired. Fetch another from its issuer."
EARLY = "This token is not valid yet. See whether the clocks of its issuer and of this machine agree."
NO_TENANT = "This token names no tenant in the claim that this deployment reads."
LATEST = datetime(9999, 12, 30, tzinfo=UTC)


class KeySource(Protocol):
    """Knows the issuer's keys."""

    def find(self, key_type: str, key_id: str | None) -> Awaitable[Any | None]:
        """Return the key, or None. Raises AuthenticationUnavailableError."""
        ...


class _Signatures(JWSRegistry):
    """Three algorithms and no other, whatever the library adds or recommends."""

    max_header_length = MOST_CHARACTERS
    max_payload_length = MOST_CHARACTERS
    max_signature_length = MOST_CHARACTERS

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(f"{name} is not taken")
        return self.algorithms[name]


@dataclass(frozen=True)
class Expected:
    """What a token must say: who made it and for whom; and which claims name its tenant and its scopes."""

    issuer: str
    audience: str
    tenant_claim: str
    scope_claim: str
    leeway: timedelta


class TokenVerifier:
    """Checks tokens with the issuer's keys."""

    def __init__(self, keys: KeySource, expected: Expected, clock: Clock) -> None:
        self._keys = keys
        self._expected = expected
        self._clock = clock
        self._signatures = _Signatures(strict_check_header=False)

    async def verify(self, text: str) -> Principal:
        """Return who holds this token. Raises CredentialError, AuthenticationUnavailableError."""
        token = read_token(text)
        if token is None:
            raise CredentialError(REFUSED)
        key = await self._keys.find(token.key_type, token.key_id)
        if key is None:
            raise CredentialError(REFUSED)
        try:
            jws.deserialize_compact(text, key, algorithms=list(ALGORITHMS), registry=self._signatures)
        except (JoseError, ValueError, TypeError) as error:
            raise CredentialError(REFUSED) from error
        self._check_claims(token)
        return self._principal(token)

    def _check_claims(self, token: Unverified) -> None:
        expected = self._expected
        rules = JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=int(expected.leeway.total_seconds()),
            iss={"essential": True, "value": expected.issuer},
            aud={"essential": True, "value": expected.audience},
            exp={"essential": True},
        )
        try:
            rules.validate(token.claims)
        except ExpiredTokenError as error:
            raise CredentialError(EXPIRED, "credential-expired") from error
        except (JoseError, ValueError, TypeError) as error:
            if isinstance(error, InvalidClaimError) and error.claim in {"nbf", "iat"}:
                raise CredentialError(EARLY, "credential-not-yet-valid") from error
            raise CredentialError(REFUSED) from error

    def _principal(self, token: Unverified) -> Principal:
        tenant = claim(token.claims, self._expected.tenant_claim)
        if not isinstance(tenant, str) or not is_tenant_id(tenant):
            raise CredentialError(NO_TENANT)
        scopes = words_of(claim(token.claims, self._expected.scope_claim)) & SCOPES
        return Principal(tenant, scopes, _public_id(token), _time(token.claims["exp"]) + self._expected.leeway)


def _public_id(token: Unverified) -> str:
    """Return an id that tells holders apart and does not name them: a subject is often an e-mail address."""
    subject = str(token.claims.get("sub") or token.claims.get("jti") or "")
    return "jwt-" + hashlib.sha256(f"{token.claims['iss']}\x00{subject}".encode()).hexdigest()[:16]


def _time(seconds: float) -> datetime:
    latest = LATEST - timedelta(days=1)
    return datetime.fromtimestamp(seconds, UTC) if seconds < latest.timestamp() else latest
