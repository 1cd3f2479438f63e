"""What a purge does to the log, on a log in memory: what Kafka does with it is shown in tests/kafka/test_purge.py."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.cli.dead_letters import Entry, Filed, Noted, letters
from signalstream.cli.dlq_purge import Plan, plan
from signalstream.models.dead_letter import DeadLetterNote
from tests.cli.letters import FAILED_AT, filed, letter

PARTITIONS = 2


@dataclass
class Log:
    """Partitions of entries, of which the first ones can be cut off."""

    entries: dict[int, list[Entry]] = field(default_factory=lambda: {number: [] for number in range(PARTITIONS)})
    ends: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(PARTITIONS), 0))

    def append(self, partition: int, entry: Entry) -> None:
        self.entries[partition].append(replace(entry, partition=partition, offset=self.ends[partition]))
        self.ends[partition] += 1

    def file(self, partition: int, readable: bool = True) -> None:
        self.append(partition, filed(partition, self.ends[partition], letter() if readable else None))

    def note(self, kind: str, each: Filed) -> None:
        note = DeadLetterNote.model_validate({"note": kind, "letter": each.id, "at": FAILED_AT})
        self.append(each.partition, Noted(0, 0, note))

    def read(self) -> list[Entry]:
        return [each for partition in self.entries.values() for each in partition]

    def ids(self) -> set[str]:
        return {each.id for each in letters(self.read())}

    def begin(self, todo: Plan) -> None:
        """Do what comes before the cut: what a purge that breaks off has done."""
        for each in todo.note:
            self.note("purged", each)
        for each in self.read():
            if (each.partition, each.offset) in todo.move:
                self.append(each.partition, each)

    def cut(self, todo: Plan) -> None:
        for partition, upto in todo.upto.items():
            self.entries[partition] = [each for each in self.entries[partition] if each.offset >= upto]

    def purge(self, chosen: set[str]) -> None:
        for _ in range(3):
            todo = plan(self.read(), chosen)
            if not todo.upto:
                return
            self.begin(todo)
            self.cut(todo)
        raise AssertionError("the purge did not come to an end")


FILINGS = st.lists(st.tuples(st.integers(0, PARTITIONS - 1), st.booleans(), st.booleans(), st.booleans()), max_size=14)


def log_of(filings: list[tuple[int, bool, bool, bool]]) -> tuple[Log, set[str]]:
    log, chosen = Log(), set()
    for partition, readable, redriven, purge in filings:
        log.file(partition, readable)
        each = log.entries[partition][-1]
        assert isinstance(each, Filed)
        if redriven:
            log.note("redriven", each)
        if purge:
            chosen.add(each.id)
    return log, chosen


def told(log: Log, without: set[str]) -> dict[str, object]:
    return {each.id: (each.letter, each.redriven_at) for each in letters(log.read()) if each.id not in without}


@settings(deadline=None, max_examples=150)
@given(FILINGS)
def test_what_is_purged_is_gone_and_everything_else_is_there_as_it_was(filings):
    log, chosen = log_of(filings)
    before = told(log, without=chosen)

    log.purge(chosen)

    assert told(log, without=set()) == before
    left = [each.id for each in log.read() if isinstance(each, Filed)]
    assert len(left) == len(set(left))


@settings(deadline=None, max_examples=100)
@given(FILINGS, st.integers(0, 5))
def test_a_purge_that_breaks_off_loses_nothing_and_the_next_one_ends_it(filings, cuts):
    log, chosen = log_of(filings)
    before = told(log, without=chosen)
    todo = plan(log.read(), chosen)
    log.begin(todo)
    log.cut(replace(todo, upto=dict(list(todo.upto.items())[:cuts])))
    assert told(log, without=chosen) == before

    log.purge(set())

    assert told(log, without=set()) == before


@settings(deadline=None, max_examples=100)
@given(FILINGS, st.data())
def test_two_purges_at_once_leave_nothing_of_either(filings, data):
    log, chosen = log_of(filings)
    mine = {each for each in sorted(chosen) if data.draw(st.booleans())}
    theirs = chosen - mine
    before = told(log, without=chosen)
    my_plan, their_plan = plan(log.read(), mine), plan(log.read(), theirs)
    log.begin(my_plan)
    log.cut(my_plan)
    log.begin(their_plan)  # moves what I have purged, when it read it before I did
    log.cut(their_plan)

    log.purge(theirs)  # the one that looks last

    assert told(log, without=set()) == before


def test_a_letter_that_lies_behind_what_is_purged_is_not_moved():
    log = Log()
    for _ in range(3):
        log.file(0)
    log.file(1)

    todo = plan(log.read(), {"0-1"})

    assert (todo.upto, todo.move) == ({0: 2}, {(0, 0): "0-0"})
    assert [each.id for each in todo.note] == ["0-1"]


def test_nothing_to_purge_is_nothing_to_do():
    log = Log()
    log.file(0)
    assert plan(log.read(), set()) == Plan({}, {}, [])
    assert plan([], {"0-0"}) == Plan({}, {}, [])
