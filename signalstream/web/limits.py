"""How much each tenant may do: requests and messages a minute, WebSockets at once, bytes in a body.

Every worker counts for itself and lets through its part, the limit divided by the workers that there are: together they
never let more through than the limit. A request that another worker passes on was counted there. Here it counts again
in a bucket of its own, of the whole limit, which those that are passed on cannot empty: so who claims to be a worker by
sending its header gains no more than that.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from math import ceil

import structlog
from aiohttp import web

from signalstream.core.policies import OnePolicy, Policies
from signalstream.core.token_bucket import Rate, Standing, TokenBuckets
from signalstream.models.policy import TenantPolicy
from signalstream.settings import Settings
from signalstream.web.authentication import is_authenticated, principal_of
from signalstream.web.forwarding import FORWARDED_HEADER
from signalstream.web.problems import ProblemError
from signalstream.web.routes import Route

LIMIT_HEADER, REMAINING_HEADER, RESET_HEADER = "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"
POLICY_HEADER = "RateLimit-Policy"
MOST_HOLDERS = 65_536
SAID = Rate(1, 1)  # a log line about each tenant and limit
SOCKET_RETRY_SECONDS = "10"
TOO_MANY_SOCKETS = "Your tenant has {} WebSockets open at this worker, and may have no more. Close one, or share it."
LIMITED = (
    "Your tenant's limit is used up: {per_minute:.6g} {what} a minute and {burst} at once at this worker. "
    "Nothing was done; send the request again after Retry-After seconds."
)
STANDING = web.RequestKey("limit", Standing)

_log = structlog.get_logger("signalstream.web")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TenantLimits:
    """Counts what tenants do at this worker. Without credentials (SIGNALSTREAM_AUTH=off) there are no limits.

    ``workers`` says how many share the load; ``now`` is a clock that never goes back, in seconds.
    """

    def __init__(
        self,
        settings: Settings,
        policies: Policies | None = None,
        workers: Callable[[], int] = lambda: 1,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_on = settings.auth != "off"
        self._largest_body = settings.max_body_bytes
        self._policies = policies or OnePolicy(_deployments(settings))
        self._workers = workers
        self._now = now
        self._buckets = TokenBuckets(MOST_HOLDERS)
        self._said = TokenBuckets(MOST_HOLDERS)
        self._sockets: Counter[str] = Counter()

    def around(self, route: Route, handler: Handler) -> Handler:
        """Return the handler behind its tenant's limits; the guard stands before it."""
        if not self._is_on or not route.is_limited:
            return handler

        async def limited(request: web.Request) -> web.StreamResponse:
            if is_authenticated(request):  # a socket that has yet to authenticate counts once it has
                self.count(request, route)
            return await handler(request)

        return limited

    def count(self, request: web.Request, route: Route) -> None:
        """Count a request of a known tenant. Raises ProblemError (429) when a limit is used up, and counts nothing."""
        if not self._is_on:
            return
        tenant, now = principal_of(request).tenant, self._now()
        rates = self._rates(tenant, route, is_passed_on=FORWARDED_HEADER in request.headers)
        standings = {what: self._buckets.look((what, tenant), rate, now) for what, rate in rates.items()}
        if refused := {what: each for what, each in standings.items() if not each.allows}:
            what, standing = max(refused.items(), key=lambda each: each[1].next_in)
            request[STANDING] = standing
            raise self._limited(tenant, what, standing)
        left = [self._buckets.spend((what, tenant), rate, now) for what, rate in rates.items()]
        if left:
            request[STANDING] = min(left, key=lambda each: each.remaining)

    def body_bytes(self, request: web.Request) -> int:
        """Return the most bytes that a body of the request's tenant may have."""
        own = self._policies.of(principal_of(request).tenant).max_body_bytes
        return min(self._largest_body, own or self._largest_body)

    @contextmanager
    def websocket(self, request: web.Request) -> Iterator[None]:
        """Count a WebSocket while it is open. Raises ProblemError (429) when the tenant has as many as it may."""
        tenant = principal_of(request).tenant
        most = self._policies.of(tenant).websockets if self._is_on else None
        share = ceil(most / self._workers()) if most else None
        if share is not None and self._sockets[tenant] >= share:
            self._say(tenant, "websockets")
            headers = {"Retry-After": SOCKET_RETRY_SECONDS}
            raise ProblemError(429, TOO_MANY_SOCKETS.format(share), word="too-many-websockets", headers=headers)
        self._sockets[tenant] += 1
        try:
            yield
        finally:
            self._sockets[tenant] -= 1
            if not self._sockets[tenant]:
                del self._sockets[tenant]

    async def mark(self, request: web.Request, response: web.StreamResponse) -> None:
        """Say on the answer how it stands with the limit that is nearest."""
        if (standing := request.get(STANDING)) is not None:
            response.headers.update(_headers(standing))

    def _rates(self, tenant: str, route: Route, *, is_passed_on: bool) -> Mapping[str, Rate]:
        policy, workers = self._policies.of(tenant), self._workers()
        if is_passed_on and route.method == "GET":
            requests = _rate(policy.requests_per_minute, policy.requests_burst, 1)
            return {"forwarded requests": requests} if requests else {}
        rates = {"requests": _rate(policy.requests_per_minute, policy.requests_burst, workers)}
        if route.takes_messages:
            rates["messages"] = _rate(policy.messages_per_minute, policy.messages_burst, workers)
        return {what: rate for what, rate in rates.items() if rate}

    def _limited(self, tenant: str, what: str, standing: Standing) -> ProblemError:
        self._say(tenant, what)
        rate, seconds = standing.rate, max(1, ceil(standing.next_in))
        detail = LIMITED.format(per_minute=rate.per_minute, what=what, burst=rate.burst)
        return ProblemError(429, detail, word="rate-limited", headers={"Retry-After": str(seconds)})

    def _say(self, tenant: str, what: str) -> None:
        if self._said.take((what, tenant), SAID, self._now()).allows:
            _log.warning("tenant_limited", tenant_id=tenant, limit=what)


def _deployments(settings: Settings) -> TenantPolicy:
    names = ("requests_per_minute", "requests_burst", "messages_per_minute", "messages_burst", "websockets")
    return TenantPolicy(tenant_id="deployment", **{name: getattr(settings, name) for name in names})


@lru_cache  # every request asks for the rates of its tenant
def _rate(per_minute: int | None, burst: int | None, workers: int) -> Rate | None:
    return Rate(per_minute, burst).share(workers) if per_minute and burst else None


def _headers(standing: Standing) -> dict[str, str]:
    rate = standing.rate
    return {
        LIMIT_HEADER: str(rate.burst),
        REMAINING_HEADER: str(standing.remaining),
        RESET_HEADER: str(ceil(standing.full_in)),
        POLICY_HEADER: f"{max(1, int(rate.per_minute))};w=60;burst={rate.burst}",
    }
