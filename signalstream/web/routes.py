"""The one table of routes. Registration, ``/openapi.json`` and the documentation's tests are made from it.

``scope`` is what a credential has to grant for the route; ``None`` is open to everyone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from signalstream.models.base import TENANT_PATTERN
from signalstream.models.conversation import ConversationView
from signalstream.models.erasure import ErasureReceipt
from signalstream.models.intelligence import Insight
from signalstream.models.live import ConversationPage
from signalstream.models.messages import MessageAccepted, MessageIn, OriginalMessage
from signalstream.models.windows import Timeline
from signalstream.security.principal import Scope
from signalstream.web.ops import Health, Verdict

CONVERSATION_PATH = "/v1/conversations/{conversation_id}"
INSIGHTS_PATH = CONVERSATION_PATH + "/insights"
ORIGINAL_PATH = CONVERSATION_PATH + "/messages/{message_id}/original"
RESTORED_PATH = INSIGHTS_PATH + "/originals"
TIMELINE_PATH = CONVERSATION_PATH + "/timeline"
RECEIPT_PATH = "/v1/erasures/{receipt_id}"
READ_PROBLEMS = (404, 422, 503)


@dataclass(frozen=True)
class Parameter:
    """A path or query parameter or a request header; ``schema`` is JSON Schema."""

    name: str
    where: str
    description: str
    schema: dict[str, Any]
    required: bool = False


@dataclass(frozen=True)
class Route:
    """One method of one path. ``operation`` names it in code and in OpenAPI.

    ``answer`` is the model of the good answer, ``problems`` the statuses that this route adds to those that every
    route has (400, 421, 500). ``page`` marks what people's browsers load and OpenAPI leaves out, ``may_be_stale`` what
    may be answered from a copy.
    """

    operation: str
    method: str
    path: str
    summary: str
    answer: type[BaseModel] | None = None
    status: int = 200
    body: type[BaseModel] | None = None
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[int, ...] = ()
    scope: str | None = None
    needs_core: bool = False
    page: bool = False
    may_be_stale: bool = False
    media_type: str = "application/json"
    tag: str = "operations"
    notes: str = field(default="", compare=False)

    @property
    def is_socket(self) -> bool:
        """Say whether the route opens a WebSocket."""
        return self.status == 101

    @property
    def is_limited(self) -> bool:
        """Say whether its requests count against the limits of a tenant: those of the API do, an operator's do not."""
        return self.scope is not None and self.tag != "operations"

    @property
    def takes_messages(self) -> bool:
        """Say whether a request brings a message."""
        return self.operation == "postMessage"

    @property
    def pattern(self) -> str:
        """Return the path as aiohttp's router takes it: a parameter is any text up to the next slash, braces too."""
        return self.path.replace("}", ":[^/]+}")


TENANT = Parameter(
    "tenant_id",
    "query",
    "Whose data: that of the credential, which it must be when it is given.",
    {"type": "string", "pattern": TENANT_PATTERN},
)
CONVERSATION = Parameter(
    "conversation_id",
    "path",
    "The conversation's id, percent-encoded: a slash in it is %2F.",
    {"type": "string", "minLength": 1, "maxLength": 128},
    required=True,
)
MESSAGE = Parameter("message_id", "path", "The message's id.", {"type": "string", "format": "uuid"}, required=True)
RECEIPT = Parameter(
    "receipt_id",
    "path",
    "The receipt_id that a DELETE was answered with.",
    {"type": "string", "minLength": 1, "maxLength": 1024},
    required=True,
)
ERASED_TENANT = Parameter(
    "tenant_id",
    "path",
    "That of the credential.",
    {"type": "string", "pattern": TENANT_PATTERN},
    required=True,
)
IDEMPOTENCY = Parameter(
    "Idempotency-Key",
    "header",
    "Makes message_id follow from tenant and key, so that a retry is the same message.",
    {"type": "string", "minLength": 1, "maxLength": 255},
)
IF_NONE_MATCH = Parameter(
    "If-None-Match", "header", "An ETag of an earlier answer: 304 when nothing changed.", {"type": "string"}
)
CURSOR = Parameter("cursor", "query", "next_cursor of the page before.", {"type": "string"})
LAST_EVENT = Parameter(
    "last_event_id",
    "query",
    "id of the last update received: the current insight is not sent again when it is this.",
    {"type": "string"},
)


def _limit(highest: int) -> Parameter:
    schema = {"type": "integer", "minimum": 1, "maximum": highest, "default": 50}
    return Parameter("limit", "query", "How many at most.", schema)


ROUTES = (
    Route(
        "postMessage", "POST", "/v1/messages", "Take in a message; answered once the broker has acknowledged it.",
        status=202, body=MessageIn, answer=MessageAccepted, parameters=(TENANT, IDEMPOTENCY),
        problems=(408, 410, 413, 415, 422, 503), scope=Scope.MESSAGES_WRITE, needs_core=True, tag="messages",
    ),
    Route(
        "listConversations", "GET", "/v1/conversations", "Recent conversations, newest change first.",
        answer=ConversationPage, parameters=(TENANT, _limit(100), CURSOR), problems=(422, 503),
        scope=Scope.INSIGHTS_READ, needs_core=True, tag="conversations",
    ),
    Route(
        "getConversation", "GET", CONVERSATION_PATH, "A conversation with its newest messages, redacted.",
        answer=ConversationView, parameters=(CONVERSATION, TENANT, _limit(500)), problems=READ_PROBLEMS,
        scope=Scope.INSIGHTS_READ, needs_core=True, may_be_stale=True, tag="conversations",
    ),
    Route(
        "getInsights", "GET", INSIGHTS_PATH, "The current insight of a conversation.",
        answer=Insight, parameters=(CONVERSATION, TENANT, IF_NONE_MATCH), problems=READ_PROBLEMS,
        scope=Scope.INSIGHTS_READ, needs_core=True, may_be_stale=True, tag="insights",
        notes="A message that was accepted and not analysed yet has completeness none and every agent pending.",
    ),
    Route(
        "getRestoredInsights", "GET", RESTORED_PATH,
        "The insight with what its placeholders stand for; each original that is read is in the audit log.",
        answer=Insight, parameters=(CONVERSATION, TENANT), problems=READ_PROBLEMS,
        scope=Scope.ORIGINALS_READ, needs_core=True, tag="insights",
        notes="In the texts of sentiment, insights and summary, as far as originals are kept; other placeholders stay.",
    ),
    Route(
        "getTimeline", "GET", TIMELINE_PATH, "The conversation over time, in windows of event time.",
        answer=Timeline, parameters=(CONVERSATION, TENANT), problems=READ_PROBLEMS,
        scope=Scope.INSIGHTS_READ, needs_core=True, may_be_stale=True, tag="insights",
    ),
    Route(
        "getOriginal", "GET", ORIGINAL_PATH, "A message as it was written; each reading is in the audit log.",
        answer=OriginalMessage, parameters=(CONVERSATION, MESSAGE, TENANT), problems=(404, 410, 422, 503),
        scope=Scope.ORIGINALS_READ, needs_core=True, tag="conversations",
        notes="Kept only for tenants whose policy says redacted_and_sealed_original, for messages that the "
        "conversation shows, and as long as the raw topic has them.",
    ),
    Route(
        "streamInsights", "GET", "/ws/conversations/{conversation_id}/stream",
        "A WebSocket: the current insight, then every change.",
        status=101, parameters=(CONVERSATION, TENANT, LAST_EVENT), problems=(422, 426, 503),
        scope=Scope.INSIGHTS_READ, needs_core=True, tag="insights",
        notes="Without an Authorization header the first frame must authenticate, within seconds. Send the text ping "
        "for a pong. Close code 1001: the worker goes away, connect again. 4401: no credential that holds, 4403: it "
        "does not grant this, 4408: none came in time, 4410: it expired or was revoked, connect with another. "
        "4411: the conversation or all of the tenant was erased; a frame of type erased came before. "
        "4429: too many WebSockets or requests, connect later.",
    ),
    Route(
        "eraseConversation", "DELETE", CONVERSATION_PATH, "Erase a conversation; answered once the broker has it.",
        status=202, answer=ErasureReceipt, parameters=(CONVERSATION, TENANT), problems=(404, 410, 422, 503),
        scope=Scope.CONVERSATIONS_ERASE, needs_core=True, tag="erasure",
        notes="Messages that were accepted before are erased, analysed or not; a later message with the same "
        "conversation_id begins a new conversation. Ask again with the same effect. The broker's disks hold records "
        "until the dates that the receipt names.",
    ),
    Route(
        "getErasure", "GET", RECEIPT_PATH, "What has become of an erasure: what is gone, and when the rest will be.",
        answer=ErasureReceipt, parameters=(RECEIPT, TENANT), problems=READ_PROBLEMS,
        scope=Scope.CONVERSATIONS_ERASE, needs_core=True, tag="erasure",
        notes="A receipt is kept until nothing is left on any topic; 404 afterwards.",
    ),
    Route(
        "eraseTenant", "DELETE", "/v1/tenants/{tenant_id}", "Destroy the keys of a tenant: there is no way back.",
        status=202, answer=ErasureReceipt, parameters=(ERASED_TENANT,), problems=(409, 422, 503),
        scope=Scope.ADMIN, tag="erasure",
        notes="Nothing that is kept of the tenant can be read again, backups included, and its id cannot be used "
        "again. 409 without encryption at rest. Asked again, it says how far the broker is.",
    ),
    Route("getHealth", "GET", "/health", "Every part in detail; 200 while the process answers.", answer=Health),
    Route("getReady", "GET", "/ready", "Whether requests can be served.", answer=Verdict, problems=(503,)),
    Route("getLive", "GET", "/live", "Whether the process should go on living.", answer=Verdict, problems=(503,)),
    Route(
        "getMetrics", "GET", "/metrics", "What this worker counts, in Prometheus' text format 0.0.4.",
        scope=Scope.ADMIN, media_type="text/plain",
        notes="Open to everyone with SIGNALSTREAM_METRICS_READERS=everyone, not there with SIGNALSTREAM_METRICS=off.",
    ),
    Route("getOpenApi", "GET", "/openapi.json", "This description, as OpenAPI 3.1."),
    Route("getPage", "GET", "/", "Recent conversations and their insights, live.", page=True),
    Route("getPageAsset", "GET", "/static/{name}", "Script and style of the page.", page=True),
    Route("getDocs", "GET", "/docs", "This API, to read and to try.", page=True),
    Route("getDocsAsset", "GET", "/docs/static/{name}", "Script and style of the docs.", page=True),
)  # fmt: skip
