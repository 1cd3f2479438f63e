"""``signalstream erase`` without a broker; with one it is tried in tests/kafka/test_erasure.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from signalstream.cli.erase import checked
from signalstream.core.keys import ConversationKey
from signalstream.errors import ConfigurationError
from tests.cli.command import assert_one_line, signalstream


def test_a_conversation_is_named_by_its_tenant_and_id() -> None:
    assert checked("acme", "c-1") == ConversationKey("acme", "c-1")


@pytest.mark.parametrize(("tenant", "conversation"), [("Acme!", "c-1"), ("acme", "")])
def test_ids_that_there_cannot_be_are_refused(tenant: str, conversation: str) -> None:
    with pytest.raises(ConfigurationError, match="is no "):
        checked(tenant, conversation)


@pytest.mark.slow
def test_without_a_broker_nothing_is_asked_for_and_one_line_says_so(tmp_path: Path) -> None:
    nowhere = {"SIGNALSTREAM_KAFKA_BROKERS": "127.0.0.1:1", "SIGNALSTREAM_ENCRYPTION": "off"}
    ended = signalstream("erase", "c-1", "--tenant", "acme", folder=tmp_path, settings=nowhere)
    assert_one_line(ended, "127.0.0.1:1")
