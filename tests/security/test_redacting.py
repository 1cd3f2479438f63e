"""Redaction on the way in: what may be kept of a message, and what a search that fails or hangs comes to."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest
import structlog

from signalstream.ai.local.pii import PatternDetector
from signalstream.core.policies import OnePolicy
from signalstream.core.redaction import Span
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.core.tags import KeyedTagger
from signalstream.errors import KeyDestroyedError, RedactionError
from signalstream.models.conversation import KnownValues
from signalstream.models.policy import TenantPolicy
from signalstream.security.originals import opened_original
from signalstream.security.redacting import LONG_CHARACTERS, Redactor
from tests.core.analyses import message
from tests.security.vaults import VaultTopic

CARD = "4111 1111 1111 1111"
TEXT = f"my card {CARD}, mail jo@mail.example"
LONG = "please " * 300 + TEXT
PATTERNS = PatternDetector()
Find = Callable[[str, str], tuple[Span, ...]]


def patterns(_tenant: str, text: str) -> tuple[Span, ...]:
    return PATTERNS.find(text)


def broken(_tenant: str, text: str) -> tuple[Span, ...]:
    raise ValueError(f"cannot read {text}")


class Hanging:
    """A search that does not end before it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.thread: threading.Thread | None = None

    def __call__(self, _tenant: str, _text: str) -> tuple[Span, ...]:
        self.thread = threading.current_thread()
        self.go.wait(10)
        return ()


def redactor(find: Find = patterns, sealer: Sealer = UNSEALED, seconds: float = 5.0, **policy: str) -> Redactor:
    decided = TenantPolicy.model_validate(
        {"tenant_id": "x", "originals": "redacted_only", "detector_failure": "block"} | policy
    )
    return Redactor(find, KeyedTagger(sealer.secret_of), OnePolicy(decided), sealer, seconds)


async def test_nothing_that_patterns_find_is_in_what_may_be_kept() -> None:
    for text in (TEXT, LONG):
        kept = await redactor().redact(
            message(1, text, metadata={"contact": "jo@mail.example", "card": 4111111111111111})
        )
        assert kept.found is not None
        assert [each.kind for each in kept.found] == ["credit_card", "email"]
        assert [text[each.start : each.end] for each in kept.found] == [CARD, "jo@mail.example"]
        shown = kept.model_dump_json()
        assert "4111" not in shown
        assert "jo@" not in shown
        assert kept.original is None


async def test_the_same_value_has_the_same_tag_with_every_key_that_seals_and_another_for_another_tenant() -> None:
    vault = VaultTopic().vault()
    first = await redactor(sealer=vault).redact(message(1, TEXT))
    await vault.renew("acme")
    again = await redactor(sealer=vault).redact(message(2, TEXT))
    other = await redactor(sealer=vault).redact(message(1, TEXT, tenant_id="other"))
    assert first.text == again.text != other.text


async def test_every_worker_makes_the_same_tag() -> None:
    topic = VaultTopic()
    one, two = topic.vault(), topic.vault()
    texts = {(await redactor(sealer=each).redact(message(1, TEXT))).text for each in (one, two)}
    assert len(texts) == 1


async def test_nobody_makes_a_tag_of_a_tenant_whose_key_is_destroyed() -> None:
    vault = VaultTopic().vault()
    await redactor(sealer=vault).redact(message(1, TEXT))
    await vault.destroy("acme")
    with pytest.raises(KeyDestroyedError):
        await redactor(sealer=vault).redact(message(2, TEXT))


@pytest.mark.parametrize("text", [TEXT, LONG])
async def test_a_search_that_fails_keeps_nothing_and_quotes_nothing(text: str) -> None:
    one = redactor(broken)
    with structlog.testing.capture_logs() as logs, pytest.raises(RedactionError) as raised:
        await one.redact(message(1, text))
    assert CARD not in f"{raised.value} {raised.value.__cause__} {logs}"
    assert [(line["event"], line["error"]) for line in logs] == [("redaction.failed", "ValueError")]
    assert one.health()["searches_failed"] == 1


async def test_a_search_that_hangs_keeps_nothing_and_holds_nobody_up() -> None:
    hanging = Hanging()
    one = redactor(hanging, seconds=0.05)
    began = time.monotonic()
    with pytest.raises(RedactionError):
        await one.redact(message(1, LONG))
    assert time.monotonic() - began < 5
    assert (await asyncio.to_thread(lambda: "others go on")) == "others go on"
    assert hanging.thread is not threading.main_thread()
    hanging.go.set()
    one.stop()


async def test_a_tenant_may_have_messages_kept_that_could_not_be_searched_and_they_say_so() -> None:
    kept = await redactor(broken, detector_failure="pass").redact(message(1, TEXT))
    assert (kept.text, kept.found, kept.unsearched) == (TEXT, (), True)
    searched = await redactor(detector_failure="pass").redact(message(1, TEXT))
    assert searched.unsearched is None
    assert CARD not in searched.text


async def test_an_original_is_kept_sealed_and_opens_with_what_its_placeholders_stand_for() -> None:
    vault = VaultTopic().vault()
    written = message(1, TEXT, metadata={"contact": "jo@mail.example"})
    kept = await redactor(sealer=vault, originals="redacted_and_sealed_original").redact(written)
    assert "4111" not in kept.model_dump_json()
    opened = opened_original(vault, kept, KnownValues())
    assert opened is not None
    assert (opened.message, opened.metadata) == (TEXT, {"contact": "jo@mail.example"})
    assert sorted(opened.values.values()) == [CARD, "jo@mail.example"]


async def test_without_encryption_no_original_is_kept_and_the_message_is_refused() -> None:
    with pytest.raises(RedactionError, match="does not encrypt") as raised:
        await redactor(originals="redacted_and_sealed_original").redact(message(1, TEXT))
    assert raised.value.word == "originals-not-sealed"


async def test_the_event_loop_searches_short_messages_only() -> None:
    threads = []

    def noting(_tenant: str, _text: str) -> tuple[Span, ...]:
        threads.append(threading.current_thread() is threading.main_thread())
        return ()

    one = redactor(noting)
    await one.redact(message(1, "short"))
    await one.redact(message(2, "x" * LONG_CHARACTERS))
    await one.redact(message(3, "short", metadata={"note": "x" * LONG_CHARACTERS}))
    assert threads[:2] == [True, False]
    assert not any(threads[2:])
