"""``signalstream audit`` without a broker; with one it is tried in tests/kafka/test_audit.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from signalstream.cli.audit import anchored, leave, told
from signalstream.cli.audited import act
from signalstream.core.audit_chain import ChainSecrets
from signalstream.errors import ConfigurationError
from tests.cli.command import assert_one_line, signalstream
from tests.core.audits import SECRETS, checked, written

LOG = written([(0, True), (1, True), (0, True)])


def test_what_is_told_of_a_log_that_holds_is_its_size_and_its_ends():
    whole = told(checked(LOG), signed=True)

    assert (whole["holds"], whole["signed"], whole["events"], whole["writers"]) == (True, True, 3, 2)
    assert [end["id"] for end in whole["ends"]] == [LOG[-1].id]


def test_what_is_told_of_one_that_does_not_is_what_and_where():
    (finding,) = told(checked([LOG[0], *LOG[2:]]), signed=True)["findings"]

    assert (finding["kind"], finding["place"]) == ("removed", "0-1")
    assert LOG[1].id[:16] in finding["detail"]


def test_an_anchor_that_is_not_there_yet_knows_nothing_and_one_that_holds_something_else_is_refused(tmp_path: Path):
    file = tmp_path / "anchor"
    assert anchored(file) == anchored(None) == ()

    file.write_text('{"not": "an anchor"}')
    with pytest.raises(ConfigurationError, match="does not hold what an earlier check wrote"):
        anchored(file)


def test_what_an_operator_does_names_no_credential():
    event = act("key.revoked", "acme", "k-1", why="lost")

    assert (event.actor, event.tenant, event.subject, event.detail) == ("cli", "acme", "k-1", {"why": "lost"})


def test_a_log_of_another_secret_tells_which_one_is_missing():
    report = checked(LOG, ChainSecrets((b"a secret that is not the one",)))

    assert {finding["kind"] for finding in told(report, signed=True)["findings"]} == {"unknown secret"}
    assert SECRETS.sign(report.held[0].entry).secret_id in told(report, signed=True)["findings"][0]["detail"]


def test_an_anchor_is_what_the_last_check_left_and_one_that_cannot_be_written_is_told(tmp_path: Path):
    file, ends = tmp_path / "anchor", checked(LOG).ends
    leave(file, ends)
    assert anchored(file) == ends
    assert [each.name for each in tmp_path.iterdir()] == ["anchor"]

    with pytest.raises(ConfigurationError, match="cannot be written"):
        leave(tmp_path / "no such folder" / "anchor", ends)


@pytest.mark.slow
def test_times_anchors_and_brokers_that_are_none_are_told_in_one_line(tmp_path: Path):
    nowhere = {"SIGNALSTREAM_KAFKA_BROKERS": "127.0.0.1:1"}
    assert_one_line(signalstream("audit", "show", "--since", "soon", folder=tmp_path, settings=nowhere), "'soon'", "2h")
    assert_one_line(signalstream("audit", "verify", folder=tmp_path, settings=nowhere), "127.0.0.1:1")
