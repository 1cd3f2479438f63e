"""Redaction on the way in: nothing that was written is kept before what patterns find has been taken out of it.

Short messages are searched at once, long ones in threads of their own within a time limit, so that a search that hangs
holds neither the event loop nor other work in threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from signalstream.core.keys import ConversationKey
from signalstream.core.metadata import characters, without_personal_data
from signalstream.core.policies import Policies
from signalstream.core.redaction import Span
from signalstream.core.sealing import Sealer
from signalstream.core.tagged import tagged
from signalstream.core.tags import Tagger, TagOf
from signalstream.errors import RedactionError
from signalstream.models.messages import Message
from signalstream.security.originals import sealed_original

LONG_CHARACTERS = 1_500
"""Searching a text of this length takes about a millisecond, handing it to a thread a tenth of that."""
THREADS = 2
Find = Callable[[str, str], tuple[Span, ...]]
log = structlog.get_logger()


class Redactor:
    """Redacts messages before they are kept. ``find`` finds personal data of a tenant's text, ``seconds`` is its limit.

    What ``policies`` say of a tenant holds: whether its originals are kept, sealed, and what a failed search comes to.
    """

    def __init__(self, find: Find, tagger: Tagger, policies: Policies, sealer: Sealer, seconds: float) -> None:
        self._find, self._tagger, self._policies, self._sealer = find, tagger, policies, sealer
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="redaction")
        self._failed = 0

    async def redact(self, message: Message) -> Message:
        """Return the message as it may be kept. Raises RedactionError when nothing may be.

        Raises BrokerUnavailableError, KeyPendingError, KeyDestroyedError when the tenant's key cannot be had.
        """
        key = ConversationKey(message.tenant_id, message.conversation_id)
        if not self._sealer.is_ready(key.encode()):
            await self._sealer.prepare(key.encode())
        policy, tag_of = self._policies.of(message.tenant_id), self._tagger.of(key)
        keeps = policy.originals == "redacted_and_sealed_original"
        original = sealed_original(self._sealer, message) if keeps else None
        try:
            kept = await self._searched(message, partial(self._redacted, message, tag_of))
        except Exception as error:  # noqa: BLE001 - whatever it was, the text cannot be vouched for
            self._note(message, error)
            if policy.detector_failure != "pass":
                raise RedactionError(
                    "Personal data could not be looked for in this message, and nothing of it was kept. Send it again "
                    "with the same Idempotency-Key or message_id."
                ) from None  # the cause may quote the text
            kept = message.model_copy(update={"found": (), "unsearched": True})
        return kept if original is None else kept.model_copy(update={"original": original})

    def stop(self) -> None:
        """Search in threads no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def health(self) -> dict[str, object]:
        """Describe it for ``/health``."""
        return {"status": "ok", "searches_failed": self._failed}

    async def _searched(self, message: Message, search: Callable[[], Message]) -> Message:
        if len(message.text) + characters(message.metadata) < LONG_CHARACTERS:
            return search()
        async with asyncio.timeout(self._seconds):
            return await asyncio.get_running_loop().run_in_executor(self._threads, search)

    def _redacted(self, message: Message, tag_of: TagOf) -> Message:
        find = partial(self._find, message.tenant_id)
        made = tagged(message.text, find(message.text), tag_of)
        metadata = without_personal_data(message.metadata, find, tag_of) if message.metadata else {}
        return message.model_copy(update={"text": made.text, "found": made.found, "metadata": metadata})

    def _note(self, message: Message, error: Exception) -> None:
        self._failed += 1
        log.error("redaction.failed", message_id=str(message.message_id), error=type(error).__name__)
