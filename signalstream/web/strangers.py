"""What is let happen before anyone is known: wrong credentials, and WebSockets that have yet to authenticate.

An address that has sent too many wrong credentials is told 429 without a look at what it sends, so that nobody tries
keys out. It may be that of a whole company, though, of which one program has an old key: a credential that was good
lately is looked at in any case.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from ipaddress import ip_network
from math import ceil

import structlog
from aiohttp import hdrs, web

from signalstream.core.remote_address import remote_address
from signalstream.core.token_bucket import Rate, TokenBuckets
from signalstream.settings import Settings
from signalstream.web.problems import ProblemError

MOST_ADDRESSES = 65_536
MOST_GOOD = 4_096
SAID = Rate(1, 1)  # a log line about each address
TOO_MANY_REFUSALS = (
    "Too many requests without a good credential came from your address. Correct the credential, and try again after "
    "Retry-After seconds."
)
TOO_MANY_SOCKETS = "Too many WebSockets have yet to authenticate. Connect again, or send an Authorization header."
SOCKET_RETRY_SECONDS = "5"

_log = structlog.get_logger("signalstream.web")


class Strangers:
    """Counts by remote address. ``now`` is a clock that never goes back, in seconds."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.monotonic) -> None:
        most = settings.refused_credentials_per_minute
        self._rate = Rate(most, most) if most else None
        self._refused = TokenBuckets(MOST_ADDRESSES)
        self._said = TokenBuckets(MOST_ADDRESSES)
        self._good: dict[bytes, None] = {}  # digests, in the order of use
        self._secret = secrets.token_bytes(32)
        self._proxies = tuple(map(ip_network, settings.trusted_proxies))
        self._most_sockets = settings.unauthenticated_websockets
        self._most_sockets_each = settings.unauthenticated_websockets_per_address
        self._sockets: Counter[str] = Counter()
        self._now = now

    def check(self, request: web.Request, credential: str = "") -> None:
        """Raise ProblemError (429) for an address that was refused too often, unless the credential was good lately."""
        if self._rate is None or not self._refused:  # nobody was: the usual case, and this is every request's way
            return
        address = self._address(request)
        standing = self._refused.look(address, self._rate, self._now())
        if standing.allows or self._digest(credential) in self._good:
            return
        if self._said.take(address, SAID, self._now()).allows:
            _log.warning("address_limited", refused_per_minute=self._rate.burst)
        headers = {"Retry-After": str(max(1, ceil(standing.next_in)))}
        raise ProblemError(429, TOO_MANY_REFUSALS, word="too-many-refusals", headers=headers)

    def note_refused(self, request: web.Request) -> None:
        """Count a credential that is missing or does not hold."""
        if self._rate is not None:
            self._refused.take(self._address(request), self._rate, self._now())

    def note_good(self, credential: str) -> None:
        """Remember, by a digest, that a credential holds."""
        digest = self._digest(credential)
        self._good.pop(digest, None)
        self._good[digest] = None
        if len(self._good) > MOST_GOOD:
            del self._good[next(iter(self._good))]

    @contextmanager
    def websocket(self, request: web.Request) -> Iterator[None]:
        """Count a WebSocket until it has authenticated. Raises ProblemError (429) when there are too many."""
        address = self._address(request)
        if self._sockets[address] >= self._most_sockets_each or self._sockets.total() >= self._most_sockets:
            headers = {"Retry-After": SOCKET_RETRY_SECONDS}
            raise ProblemError(429, TOO_MANY_SOCKETS, word="too-many-websockets", headers=headers)
        self._sockets[address] += 1
        try:
            yield
        finally:
            self._sockets[address] -= 1
            if not self._sockets[address]:
                del self._sockets[address]

    def _address(self, request: web.Request) -> str:
        forwarded = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, [])) if self._proxies else ""
        return remote_address(request.remote, forwarded, self._proxies)

    def _digest(self, credential: str) -> bytes:
        return blake2b(credential.encode("utf-8", "surrogateescape"), key=self._secret, digest_size=16).digest()
