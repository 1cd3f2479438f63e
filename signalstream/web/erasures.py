"""``DELETE`` of a conversation or a tenant, and ``GET /v1/erasures/{id}``: what has gone, and when the rest will."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from aiohttp import web

from signalstream.core.arrival import MOST_SKEW
from signalstream.core.audit import AuditEvent, AuditTrail
from signalstream.core.clock import Clock
from signalstream.core.erasure import ReceiptId, parse_receipt
from signalstream.core.keys import ConversationKey
from signalstream.models.erasure import ErasureMark, ErasureReceipt, Remaining, Removed
from signalstream.settings import Settings
from signalstream.topics import VAULT, erased_topics, keep_marks, longest_kept, topic_name
from signalstream.web.authentication import principal_of
from signalstream.web.correlation import request_id
from signalstream.web.forwarding import Forwarder
from signalstream.web.parameters import conversation_of, tenant_of
from signalstream.web.problems import ProblemError, unseen
from signalstream.web.routes import CONVERSATION_PATH, RECEIPT_PATH
from signalstream.web.services import ConversationReader, Ingest, TenantErasure

NOT_ENCRYPTED = (
    "This deployment keeps values in the clear (SIGNALSTREAM_ENCRYPTION=off), so that there is no key to destroy and "
    "nothing of a tenant can be taken away at once. Erase its conversations one by one, or turn encryption on."
)
NO_RECEIPT = "There is no such erasure of this tenant, or everything of it has gone long since."


class ErasureViews:
    """Erases conversations: asked at their owner, or where a message of one was just accepted."""

    def __init__(
        self,
        ingest: Ingest,
        reader: ConversationReader,
        forwarder: Forwarder,
        settings: Settings,
        clock: Clock,
        *,
        tenants: TenantViews,
        trail: AuditTrail | None,
    ) -> None:
        self._ingest, self._reader, self._forwarder = ingest, reader, forwarder
        self._settings, self._clock, self._tenants, self._trail = settings, clock, tenants, trail

    async def erase(self, request: web.Request) -> web.Response:
        """Answer 202 with a receipt once the broker has the request; it counts from there on."""
        key = conversation_of(request, self._settings)
        if not self._ingest.recently_accepted(key):
            relayed = await self._forwarder.from_owner(request, key, CONVERSATION_PATH, method="DELETE")
            if relayed is not None:
                return relayed.response()
            if self._reader.insight(key) is None and self._reader.erasure(key) is None:
                raise unseen()
        await audited(self._trail, AuditEvent("conversation.erased", *key_of(request, key)))
        at = await self._ingest.erase(key, request_id(request))
        return _answer(receipt(ReceiptId(at, key.conversation_id), key, None, self._settings), 202)

    async def find(self, request: web.Request) -> web.Response:
        """Answer with what has become of an erasure."""
        tenant, text = tenant_of(request, self._settings), request.match_info["receipt_id"]
        found = parse_receipt(text, tenant)
        if found is None:
            raise ProblemError(404, NO_RECEIPT)
        if not found.conversation:
            return _answer(self._tenants.receipt(found, tenant), 200)
        key = found.key(tenant)
        relayed = await self._forwarder.from_owner(request, key, RECEIPT_PATH.replace("{receipt_id}", quote(text)))
        if relayed is not None:
            return relayed.response()
        mark = self._reader.erasure(key)
        if mark is None and not self._may_come(found.requested_at):
            raise ProblemError(404, NO_RECEIPT)
        return _answer(receipt(found, key, mark, self._settings), 200)

    def _may_come(self, requested_at: datetime) -> bool:
        age = self._clock.now() - requested_at
        return -MOST_SKEW <= age <= keep_marks(self._settings)


class TenantViews:
    """Erases tenants: their keys are destroyed, and what they sealed opens nowhere any more."""

    def __init__(self, tenants: TenantErasure | None, settings: Settings, trail: AuditTrail | None) -> None:
        self._tenants, self._settings, self._trail = tenants, settings, trail

    async def erase(self, request: web.Request) -> web.Response:
        """Answer 202 once every in-sync replica has it that the keys are gone; asked again, how far that has come."""
        tenant = tenant_of(request, self._settings, request.match_info["tenant_id"])
        if self._tenants is None:
            raise ProblemError(409, NOT_ENCRYPTED, word="not-encrypted")
        await audited(self._trail, AuditEvent("tenant.erased", tenant, principal_of(request).credential, tenant))
        at = await self._tenants.destroy(tenant)
        return _answer(self.receipt(receipt_of(at), tenant), 202)

    def receipt(self, found: ReceiptId, tenant: str) -> ErasureReceipt:
        """Return what a receipt says. Raises ProblemError (404) for one that was never given."""
        known = self._tenants.destroyed(tenant) if self._tenants else None
        if known is None or receipt_of(known[0]) != found:
            raise ProblemError(404, NO_RECEIPT)
        at, is_gone = known
        vault = Remaining(topic=topic_name(VAULT, self._settings))
        names = ("all values of the tenant", "live views and sockets")
        return ErasureReceipt(
            receipt_id=found.encode(tenant),
            tenant_id=tenant,
            requested_at=at,
            status="removed" if is_gone else "accepted",
            removed=tuple(Removed(name=name, removed=True) for name in names),
            remaining=() if is_gone else (vault,),
        )


def receipt(found: ReceiptId, key: ConversationKey, mark: ErasureMark | None, settings: Settings) -> ErasureReceipt:
    """Return what a receipt says, with the conversation's newest mark; None when there is none yet."""
    is_marked = mark is not None and mark.generation >= found.at
    is_told = is_marked and mark is not None and mark.told
    parts = {"conversations": is_marked, "insights": is_told, "windows": is_told, "live views and sockets": is_told}
    return ErasureReceipt(
        receipt_id=found.encode(key.tenant_id),
        tenant_id=key.tenant_id,
        conversation_id=key.conversation_id,
        requested_at=found.requested_at,
        status="removed" if is_told else "accepted",
        removed=tuple(Removed(name=name, removed=removed) for name, removed in parts.items()),
        remaining=tuple(
            Remaining(topic=spec.name, latest=found.requested_at + longest_kept(spec))
            for spec in erased_topics(settings)
        ),
    )


def receipt_of(destroyed_at: datetime) -> ReceiptId:
    """Return the receipt of a tenant whose keys were destroyed then."""
    return ReceiptId(round(destroyed_at.timestamp() * 1000), "")


def key_of(request: web.Request, key: ConversationKey) -> tuple[str, str, str]:
    """Return tenant, actor and subject of an act on a conversation."""
    return key.tenant_id, principal_of(request).credential, key.conversation_id


async def audited(trail: AuditTrail | None, event: AuditEvent) -> None:
    """Write down what is about to be done, where there is a trail. Raises BrokerUnavailableError."""
    if trail is not None:
        await trail.record(event)


def _answer(model: ErasureReceipt, status: int) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    body = model.model_dump_json().encode()
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)
