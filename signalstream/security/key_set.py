"""The issuer's public keys (JWKS): what is taken of a document, and for how long it is believed."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from joserfc import jwk
from joserfc.errors import JoseError

from signalstream.errors import AuthenticationUnavailableError

MOST_KEYS = 100
LEAST_RSA_BITS = 2_048
CURVES = {"EC": "P-256", "OKP": "Ed25519"}
PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
UNREACHABLE = "The keys that tokens are checked with could not be fetched from their issuer. Ask again shortly."
log = structlog.get_logger()

Key = Any  # RSAKey | ECKey | OKPKey
Fetch = Callable[[], Awaitable[bytes]]


class KeySet:
    """The keys of one document that may sign tokens, by type and id."""

    def __init__(self, keys: Mapping[tuple[str, str | None], Key]) -> None:
        self._keys = keys

    def find(self, key_type: str, key_id: str | None) -> Key | None:
        """Return the key with this id; without an id the only one of its type."""
        if key_id is not None:
            return self._keys.get((key_type, key_id))
        fitting = [key for (kind, _), key in self._keys.items() if kind == key_type]
        return fitting[0] if len(fitting) == 1 else None

    def __len__(self) -> int:
        return len(self._keys)


def read_key_set(body: bytes) -> KeySet:
    """Return the usable keys: RSA of at least 2048 bits, P-256, Ed25519, for signatures. Raises ValueError."""
    document = json.loads(body.decode())
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise ValueError(f"a key set has a list of at most {MOST_KEYS} keys")
    found: dict[tuple[str, str | None], Key] = {}
    for each in listed:
        if isinstance(each, dict) and (key := _public_key(each)) is not None:
            found.setdefault((each["kty"], each.get("kid")), key)
    if not found:
        raise ValueError("no key of the set can check a token: RSA of 2048 bits, P-256 or Ed25519 is needed")
    return KeySet(found)


def _public_key(described: dict[str, Any]) -> Key | None:
    kind, use, key_id = described.get("kty"), described.get("use", "sig"), described.get("kid")
    if kind not in PUBLIC or use != "sig" or not isinstance(key_id, str | None):
        return None
    if described.get("crv") != CURVES.get(kind):
        return None
    members: dict[str, Any] = {name: described.get(name) for name in ("kty", *PUBLIC[kind])}
    try:
        if kind == "RSA" and _bits(members["n"]) < LEAST_RSA_BITS:
            return None
        return jwk.import_key(members)
    except (JoseError, ValueError, TypeError):
        return None


def _bits(modulus: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(modulus + "==")).bit_length()


class KeySetCache:
    """The newest key set that could be fetched.

    It is renewed in the background every ``refresh_seconds``, and at once for a key that it does not have, though at
    most every ``retry_seconds``, so that nobody can make this worker call the issuer at will. While the issuer cannot
    be reached the last set is believed for ``outage_seconds`` after it was fetched.
    """

    def __init__(
        self,
        fetch: Fetch,
        now: Callable[[], float],
        *,
        refresh_seconds: float,
        retry_seconds: float,
        outage_seconds: float,
    ) -> None:
        self._fetch = fetch
        self._now = now
        self._refresh_seconds = refresh_seconds
        self._retry_seconds = retry_seconds
        self._outage_seconds = outage_seconds
        self._keys = KeySet({})
        self._fetched: float | None = None
        self._tried: float | None = None
        self._renewal: asyncio.Task[None] | None = None

    async def find(self, key_type: str, key_id: str | None) -> Key | None:
        """Return the key, None for one that the issuer does not have. Raises AuthenticationUnavailableError."""
        if self._age() >= self._refresh_seconds:
            self._renew()
        key = self._keys.find(key_type, key_id) if self._is_believed() else None
        if key is None:
            await self._renewed()
            if not self._is_believed():
                raise AuthenticationUnavailableError(UNREACHABLE)
            key = self._keys.find(key_type, key_id)
        return key

    async def stop(self) -> None:
        """End a fetch that is under way."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    def health(self) -> dict[str, object]:
        """Describe it for ``/health``: degraded from when a renewal is overdue."""
        if self._fetched is None:
            return {"status": "starting" if self._tried is None else "degraded", "keys": 0}
        late = self._age() > 2 * self._refresh_seconds + self._retry_seconds
        return {"status": "degraded" if late else "ok", "keys": len(self._keys), "age_seconds": round(self._age(), 1)}

    def _age(self) -> float:
        return float("inf") if self._fetched is None else self._now() - self._fetched

    def _is_believed(self) -> bool:
        return self._age() <= self._refresh_seconds + self._outage_seconds

    def _renew(self) -> None:
        is_running = self._renewal is not None and not self._renewal.done()
        if is_running or (self._tried is not None and self._now() - self._tried < self._retry_seconds):
            return
        self._tried = self._now()
        self._renewal = asyncio.create_task(self._load(), name="key set")

    async def _renewed(self) -> None:
        """Wait for a renewal, when one may begin now or is under way; a caller that leaves does not end it."""
        self._renew()
        if self._renewal is not None:
            await asyncio.shield(self._renewal)

    async def _load(self) -> None:
        try:
            self._keys = read_key_set(await self._fetch())
        except Exception as error:  # noqa: BLE001  # whatever it is, the keys stay as they were and are tried again
            log.warning("key_set.not_renewed", error=type(error).__name__, detail=str(error)[:200])
            return
        self._fetched = self._now()
