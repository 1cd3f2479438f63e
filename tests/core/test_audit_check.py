"""The laws of the audit log: whatever is done to it without its secret is found where an entry is left that knew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from signalstream.core.audit_chain import ChainSecrets, entry_of, named_by
from signalstream.core.audit_check import Stored, check
from signalstream.models.audit import SignedEntry
from tests.core.audits import BEGIN, OTHERS, SECRETS, STEP, YEAR, checked, kinds, stored, written

STEPS = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=16)


def names(signed: SignedEntry) -> set[str]:
    entry = entry_of(signed)
    assert entry is not None
    return {link.id for link in named_by(entry)}


@given(STEPS)
def test_a_log_that_nobody_touched_has_no_finding_whatever_its_writers_heard(steps):
    report = checked(written(steps))

    assert report.findings == []
    assert len(report.held) == len(steps)
    assert report.writers == len({writer for writer, _ in steps})


@given(STEPS, st.data())
def test_any_changed_character_is_found(steps, data: st.DataObject):
    log = written(steps)
    at = data.draw(st.integers(0, len(log) - 1))
    part = data.draw(st.sampled_from(["id", "secret_id", "entry"]))
    text = getattr(log[at], part)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("0123456789abcdef").filter(lambda each: each != text[place]))
    log[at] = log[at].model_copy(update={part: text[:place] + other + text[place + 1 :]})

    assert kinds(checked(log)) & {"changed", "unknown secret"}


@given(STEPS, st.data())
def test_any_entry_that_another_names_cannot_be_removed_unseen(steps, data: st.DataObject):
    log = written(steps)
    named = set().union(*map(names, log))
    assume(named)
    gone = data.draw(st.sampled_from([signed for signed in log if signed.id in named]))

    assert "removed" in kinds(checked([signed for signed in log if signed is not gone]))


@given(STEPS, st.data())
def test_whatever_is_removed_also_at_the_end_is_found_by_who_kept_what_was_there(steps, data: st.DataObject):
    log = written(steps)
    ends = checked(log).ends
    gone = data.draw(st.sets(st.sampled_from(range(len(log))), min_size=1))
    left = [signed for number, signed in enumerate(log) if number not in gone]

    assert "removed" in kinds(checked(left, now=BEGIN + len(log) * STEP, known=ends))


@given(STEPS, STEPS, st.data())
def test_an_end_that_was_cut_off_is_found_once_a_writer_goes_on_that_knew_of_it(before, after, data: st.DataObject):
    log = written([*before, (9, True), *after, (9, True)])
    cut = data.draw(st.integers(len(before), len(log) - 2))

    assert "removed" in kinds(checked([*log[:cut], log[-1]], now=BEGIN + len(log) * STEP))


@given(STEPS, st.data())
def test_a_whole_chain_is_missed_by_the_others_that_heard_of_it(steps, data: st.DataObject):
    writer = data.draw(st.sampled_from([writer for writer, _ in steps]))
    log = written([*steps, (9, True)])
    left = [signed for signed in log if entry_of(signed).writer != f"{writer:016x}"]

    assert "removed" in kinds(checked(left, now=BEGIN + len(log) * STEP))


@given(STEPS, st.data())
def test_two_entries_of_which_one_came_of_the_other_cannot_change_places(steps, data: st.DataObject):
    log = written(steps)
    pairs = [(a, b) for b in range(len(log)) for a in range(b) if log[a].id in names(log[b])]
    assume(pairs)
    first, second = data.draw(st.sampled_from(pairs))
    log[first], log[second] = log[second], log[first]

    assert "reordered" in kinds(checked(log))


@given(STEPS, STEPS, st.data())
def test_an_entry_that_somebody_without_the_secret_makes_is_found(steps, forged, data: st.DataObject):
    log = written(steps)
    secrets = data.draw(st.sampled_from([OTHERS, ChainSecrets()]))
    log.insert(data.draw(st.integers(0, len(log))), written(forged, secrets)[0])

    assert kinds(checked(log)) & {"unkeyed", "unknown secret"}


@given(STEPS, st.data())
def test_an_entry_that_is_played_again_after_its_writer_went_on_is_found(steps, data: st.DataObject):
    writer = data.draw(st.sampled_from([writer for writer, _ in steps]))
    log = written([*steps, (writer, True)])
    again = data.draw(st.sampled_from([each for each in log[:-1] if entry_of(each).writer == f"{writer:016x}"]))

    assert kinds(checked([*log, again])) == {"replayed"}


def test_a_record_that_a_producer_wrote_twice_is_no_finding():
    log = written([(0, True), (1, True), (0, True)])

    report = checked([log[0], log[0], *log[1:], log[-1]])

    assert (report.findings, report.repeats, len(report.held)) == ([], 2, 3)


@given(STEPS, st.data())
def test_what_expired_at_the_beginning_is_no_finding_and_the_same_before_its_time_is_one(steps, data: st.DataObject):
    log = written([*steps, (9, True)])
    cut = data.draw(st.integers(1, len(log) - 1))
    retention = timedelta(days=7)
    later = BEGIN + cut * STEP + retention

    expired = checked(log[cut:], now=later, retention=retention)
    assert expired.findings == []
    assert expired.expired >= 1

    assert "removed" in kinds(checked(log[cut:], now=later, retention=YEAR))


def test_an_old_entry_that_is_gone_while_older_ones_are_left_did_not_expire():
    log = written([(0, True)] * 5)
    late = BEGIN + YEAR * 2

    assert checked(log[1:], now=late).findings == []
    assert kinds(checked([*log[:2], *log[3:]], now=late)) == {"removed"}


def test_a_writer_that_uses_a_number_twice_is_found():
    log = written([(0, True), (0, True)])
    other = written([(0, True), (1, True), (0, True)])

    assert "forked" in kinds(checked([*log, *other[1:]]))


def test_a_log_without_a_secret_is_checked_as_far_as_that_goes():
    log = written([(0, True), (0, True), (0, True)], ChainSecrets())

    assert checked(log, ChainSecrets()).findings == []
    assert kinds(checked([log[0], log[2]], ChainSecrets(), now=BEGIN + 3 * STEP)) == {"removed"}
    assert kinds(checked(log, SECRETS)) == {"unkeyed"}


@pytest.mark.parametrize(
    ("fields", "kind", "said"),
    [
        ({"signed": None, "why": "it does not open"}, "changed", "it does not open"),
        ({"stray": True}, "misplaced", "partition 0 alone"),
    ],
)
def test_what_cannot_be_read_or_lies_elsewhere_is_found_at_its_place(fields: dict[str, Any], kind: str, said: str):
    log = stored(written([(0, True), (1, False)]))
    odd = Stored(**({"place": "3-7", "signed": log[1].signed} | fields))

    (finding,) = check([log[0], odd], SECRETS, now=BEGIN, retention=YEAR).findings

    assert (finding.kind, finding.place) == (kind, "3-7")
    assert said in finding.detail
