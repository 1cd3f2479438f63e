"""What a request names in its path and query: the tenant, the conversation, a limit, a cursor."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from aiohttp import web

from signalstream.core.keys import ConversationKey, is_conversation_id, is_tenant_id
from signalstream.security.principal import local_principal
from signalstream.settings import Settings
from signalstream.web.authentication import PRINCIPAL, own_tenant
from signalstream.web.problems import invalid

_BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
TENANT_RULE = "must be 1 to 63 characters of a-z, 0-9, _ and -, beginning with a letter or digit"


def tenant_of(request: web.Request, settings: Settings, in_body: str | None = None) -> str:
    """Return whose data the request is about: the credential's tenant.

    Without authentication it is the body's or the query's word, else the default tenant. Raises ForbiddenError when
    the request names another than the credential's; ProblemError (422) when there is none, when it is not a tenant id,
    or when two places disagree.
    """
    named = [*request.query.getall("tenant_id", []), *([] if in_body is None else [in_body])]
    if own := own_tenant(request, named):
        return own
    if len(set(named)) > 1:
        raise invalid(("tenant_id", "is given more than once, with different values; send it once"))
    tenant = named[0] if named else settings.default_tenant
    if tenant is None:
        raise invalid(("tenant_id", "is required here: send it as ?tenant_id= (or in the body of a POST)"))
    if not is_tenant_id(tenant):
        raise invalid(("tenant_id", TENANT_RULE))
    request[PRINCIPAL] = local_principal(tenant)
    return tenant


def conversation_of(request: web.Request, settings: Settings) -> ConversationKey:
    """Return which conversation of which tenant the path and query name. Raises ProblemError (422)."""
    conversation = conversation_id_of(request)
    return ConversationKey(tenant_of(request, settings), conversation)


def conversation_id_of(request: web.Request) -> str:
    """Return the conversation's id in the path. Raises ProblemError (422)."""
    conversation = request.match_info["conversation_id"]
    if not is_conversation_id(conversation) or not is_decodable(request.rel_url.raw_path):
        raise invalid(("conversation_id", "must be 1 to 128 printable characters, percent-encoded in the path"))
    return conversation


def limit_of(request: web.Request, default: int, highest: int) -> int:
    """Return ``?limit=``, 1 to ``highest``. Raises ProblemError (422)."""
    text = request.query.get("limit")
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= highest):
        raise invalid(("limit", f"must be a whole number from 1 to {highest}"))
    return int(text)


def is_decodable(path: str) -> bool:
    """Say whether a raw path's percent-encoding is UTF-8. Or else one conversation could be spelled in two ways."""
    if _BROKEN_ESCAPE.search(path):
        return False
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return True
