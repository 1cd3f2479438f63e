from __future__ import annotations

import pytest

from signalstream.core.sealing import UNSEALED
from signalstream.errors import KeyDestroyedError, RedactionError, SealedError
from signalstream.models.conversation import KnownValues
from signalstream.models.messages import Message
from signalstream.security.originals import opened_original, sealed_original
from signalstream.security.vault import Vault
from tests.core.analyses import message
from tests.security.vaults import VaultTopic

KNOWN = KnownValues()


async def prepared() -> Vault:
    vault = VaultTopic().vault()
    for tenant in ("acme", "other"):
        await vault.prepare(f"{tenant}/c-1".encode())
    return vault


def keeping(one: Message, original: str) -> Message:
    return one.model_copy(update={"text": "redacted", "found": (), "original": original})


async def test_an_original_opens_for_its_own_message_alone() -> None:
    vault = await prepared()
    sealed = sealed_original(vault, message(1, "as it was written"))
    opened = opened_original(vault, keeping(message(1), sealed), KNOWN)
    assert opened is not None
    assert opened.message == "as it was written"
    for moved in (message(2), message(1, tenant_id="other"), message(1, conversation_id="c-2")):
        with pytest.raises(SealedError):
            opened_original(vault, keeping(moved, sealed), KNOWN)


async def test_it_goes_with_the_tenant_s_key() -> None:
    vault = await prepared()
    kept = keeping(message(1), sealed_original(vault, message(1, "as it was written")))
    await vault.destroy("acme")
    with pytest.raises(KeyDestroyedError):
        opened_original(vault, kept, KNOWN)


async def test_what_is_no_seal_is_refused_and_what_was_not_kept_is_none() -> None:
    vault = await prepared()
    with pytest.raises(SealedError):
        opened_original(vault, keeping(message(1), "not base64!"), KNOWN)
    assert opened_original(vault, message(1), KNOWN) is None
    with pytest.raises(RedactionError):
        sealed_original(UNSEALED, message(1))
