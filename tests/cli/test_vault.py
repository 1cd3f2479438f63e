"""``signalstream vault`` without a broker; with one it is tried in tests/kafka/test_encryption.py."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.cli.command import assert_one_line, signalstream
from tests.security.vaults import FIRST_TEXT

pytestmark = pytest.mark.slow  # each starts a command in a process of its own, which loads everything

NOBODY_THERE = {
    "SIGNALSTREAM_KAFKA_BROKERS": "127.0.0.1:1",
    "SIGNALSTREAM_ENCRYPTION": "required",
    "SIGNALSTREAM_MASTER_KEYS": FIRST_TEXT,
}


def test_a_new_master_key_is_32_bytes_on_a_line_of_its_own_and_another_each_time(tmp_path: Path) -> None:
    one, other = (signalstream("vault", "new-master-key", folder=tmp_path).stdout for _ in range(2))

    assert one != other
    assert [len(base64.b64decode(each.removesuffix("\n"), validate=True)) for each in (one, other)] == [32, 32]


@pytest.mark.parametrize("words", [("list",), ("rotate",), ("destroy", "acme", "--yes")])
def test_without_encryption_a_master_key_or_a_broker_it_says_in_one_line_what_to_do(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    without_key = {name: value for name, value in NOBODY_THERE.items() if not name.endswith("KEYS")}
    for settings, said in (
        ({"SIGNALSTREAM_ENCRYPTION": "off"}, "there is no vault"),
        (without_key, "signalstream vault new-master-key"),
        (NOBODY_THERE, "no Kafka broker answers at 127.0.0.1:1"),
    ):
        assert_one_line(signalstream("vault", *words, folder=tmp_path, settings=settings), said)


def test_nothing_is_destroyed_unasked_or_by_a_name_that_is_no_tenants(tmp_path: Path) -> None:
    for words, said in ((("acme",), "--yes"), (("ACME", "--yes"), "no tenant id"), (("_", "--yes"), "no tenant id")):
        ended = signalstream("vault", "destroy", *words, folder=tmp_path, settings=NOBODY_THERE)
        assert_one_line(ended, said)


def test_a_command_that_reads_values_needs_the_master_key_too(tmp_path: Path) -> None:
    settings = {"SIGNALSTREAM_ENCRYPTION": "required", "GEMINI_API_KEY": "a-key-that-nobody-has"}
    for words in (("dlq", "list"), ("reanalyze", "--all")):
        assert_one_line(signalstream(*words, folder=tmp_path, settings=settings), "signalstream vault new-master-key")
