"""``signalstream retention`` without a broker; with one it is tried in tests/kafka/test_audit.py."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from signalstream.cli.dead_letters import Filed
from signalstream.cli.retention import Found, letter_is_due
from signalstream.cli.retention_log import take
from signalstream.core.policies import OnePolicy
from signalstream.core.retention import Due, Total
from signalstream.errors import KeyDestroyedError, UndecodableError
from signalstream.models.policy import TenantPolicy
from signalstream.tables.retention import Request
from tests.cli.letters import FAILED_AT, filed, letter

WEEK = OnePolicy(TenantPolicy(tenant_id="acme", retention_dead_letters_days=7))


def of(key: bytes | None) -> Filed:
    return filed(0, 1, letter(key=key))


def test_a_letter_is_due_by_its_tenants_retention_and_one_that_names_no_tenant_never():
    late = FAILED_AT + timedelta(days=7)

    assert letter_is_due(of(b"acme/c-1"), WEEK, late)
    assert not letter_is_due(of(b"acme/c-1"), WEEK, late - timedelta(seconds=1))
    assert not letter_is_due(of(None), WEEK, late)
    assert not letter_is_due(filed(0, 2, None), WEEK, late)


def test_what_would_go_is_summed_for_each_tenant_and_class():
    request = Request("raw", b"acme/c-1", b"{}", [], Due("acme", "conversations", FAILED_AT))
    found = Found([request, request], [of(b"globex/c-1")], unreadable=0)

    assert found.totals() == [
        Total("acme", "conversations", 2, FAILED_AT),
        Total("globex", "dead letters", 1, FAILED_AT),
    ]


def test_only_the_newest_row_of_a_key_counts_and_one_that_cannot_be_read_is_counted_apart():
    due: dict[bytes, Request] = {}
    unreadable: set[bytes] = set()
    request = Request("raw", b"k", b"{}", [], Due("acme", "conversations", FAILED_AT))

    def told(value: bytes | None, answer: Request | Exception | None) -> tuple[list[bytes], list[bytes]]:
        def look(_record: Any) -> Request | None:
            if isinstance(answer, Exception):
                raise answer
            return answer

        take(SimpleNamespace(key=b"k", value=value), look, due, unreadable)
        return list(due), list(unreadable)

    assert told(b"old", request) == ([b"k"], [])
    assert told(b"young", None) == ([], [])
    assert told(b"odd", UndecodableError("?")) == ([], [b"k"])
    assert told(b"old", request) == ([b"k"], [])
    assert told(None, None) == ([], [])
    assert told(b"erased", KeyDestroyedError("gone")) == ([], [])
