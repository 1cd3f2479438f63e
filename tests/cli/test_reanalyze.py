from __future__ import annotations

import pytest

from tests.cli.command import assert_one_line, signalstream

pytestmark = pytest.mark.slow  # each starts a command in a process of its own, which loads everything


def test_it_sends_nothing_again_unless_told_what(tmp_path):
    assert_one_line(signalstream("reanalyze", folder=tmp_path), "say which analyses", "--all")


def test_an_agent_that_there_is_not_is_refused_with_those_that_there_are(tmp_path):
    assert_one_line(signalstream("reanalyze", "--agent", "mood", folder=tmp_path), "mood", "sentiment", "summary")


@pytest.mark.parametrize("analyst", ["auto", "local"])
def test_where_the_local_analyst_would_answer_again_nothing_is_sent(tmp_path, analyst):
    ended = signalstream("reanalyze", "--all", folder=tmp_path, settings={"SIGNALSTREAM_ANALYST": analyst})
    assert_one_line(ended, "the local one", "SIGNALSTREAM_ANALYST", "GEMINI_API_KEY")


def test_a_broker_that_does_not_answer_is_named(tmp_path):
    settings = {"SIGNALSTREAM_KAFKA_BROKERS": "127.0.0.1:1", "GEMINI_API_KEY": "a-key-that-nobody-has"}
    ended = signalstream("reanalyze", "--all", folder=tmp_path, settings=settings)
    assert_one_line(ended, "127.0.0.1:1")
