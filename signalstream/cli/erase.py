"""``signalstream erase``: asks for a conversation to be erased, as ``DELETE /v1/conversations/{id}`` does."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated
from uuid import uuid4

import typer

from signalstream.auditing import opened_audit
from signalstream.cli.audited import act
from signalstream.cli.dlq_log import producer
from signalstream.cli.tables import console
from signalstream.core.erasure import ReceiptId
from signalstream.core.keys import ConversationKey, is_conversation_id, is_tenant_id
from signalstream.encryption import opened_sealer
from signalstream.errors import ConfigurationError
from signalstream.models.base import rfc3339
from signalstream.models.erasure import ERASES, EraseConversation
from signalstream.settings import Settings, load_settings
from signalstream.streaming.headers import REQUEST_ID, TENANT
from signalstream.streaming.values import encode, sealable
from signalstream.topics import RAW, topic_name


def erase(
    conversation: Annotated[str, typer.Argument(help="The conversation's id.")],
    tenant: Annotated[str, typer.Option(help="Whose conversation it is.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Erase a conversation: all that came before this, whether or not a worker has seen it yet.

    A tenant as a whole goes by `signalstream vault destroy`.
    """
    key = checked(tenant, conversation)
    found = asyncio.run(_ask(load_settings(), key))
    told = {
        "receipt_id": found.encode(tenant),
        "tenant_id": tenant,
        "conversation_id": conversation,
        "requested_at": rfc3339(found.requested_at),
    }
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    console().print(f"asked for; receipt {told['receipt_id']}", markup=False, soft_wrap=True)
    console().print("GET /v1/erasures/<receipt> says what has gone, and when the brokers' disks are clear")


def checked(tenant: str, conversation: str) -> ConversationKey:
    """Return the conversation's key. Raises ConfigurationError for ids that there cannot be."""
    if not is_tenant_id(tenant):
        raise ConfigurationError(f"--tenant: {tenant!r} is no tenant id (a-z, 0-9, _ and -, at most 63)")
    if not is_conversation_id(conversation):
        raise ConfigurationError(f"{conversation!r} is no id of a conversation; nothing was erased")
    return ConversationKey(tenant, conversation)


async def _ask(settings: Settings, key: ConversationKey) -> ReceiptId:
    """Return the receipt, once the audit log and then the raw topic have the request."""
    headers = [(REQUEST_ID, str(uuid4()).encode()), (TENANT, key.tenant_id.encode()), (ERASES, b"conversation")]
    topic, record_key = topic_name(RAW, settings), key.encode()
    async with opened_sealer(settings) as sealer:
        await sealable(sealer, record_key)
        value = sealer.seal(topic, record_key, encode(EraseConversation()))
        async with opened_audit(settings, sealer) as audit:
            await audit.record(act("conversation.erased", key.tenant_id, key.conversation_id))
        async with producer(settings) as writer:
            sent = await writer.send_and_wait(topic, value, record_key, headers=headers)
    return ReceiptId(int(sent.timestamp), key.conversation_id)
