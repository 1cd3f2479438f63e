"""What commands that send records again must leave out: everything from before an erasure of its conversation."""

from __future__ import annotations

from signalstream.core.erasure import generation_of
from signalstream.core.sealing import Sealer
from signalstream.errors import KeyDestroyedError, UndecodableError
from signalstream.models.dead_letter import DeadLetter
from signalstream.models.erasure import ErasureMark
from signalstream.settings import Settings
from signalstream.streaming.administration import connected_admin
from signalstream.streaming.clients import connection
from signalstream.streaming.replica import Replica
from signalstream.streaming.values import decode
from signalstream.tables.erasures import NAME
from signalstream.topics import RAW, changelog_name, topic_name


class Marks:
    """The marks of erasures by the record keys of their conversations."""

    def __init__(self, settings: Settings, sealer: Sealer) -> None:
        self._raw = topic_name(RAW, settings)
        self._changelog, self._sealer = changelog_name(NAME, settings), sealer
        self._marks: dict[bytes, ErasureMark] = {}

    def apply(self, key: bytes, value: bytes | None) -> None:
        """Take in a row of the table. What cannot be read is a worker's to complain of."""
        self._marks.pop(key, None)
        if value:
            try:
                self._marks[key] = decode(ErasureMark, self._sealer.open(self._changelog, key, value))
            except (UndecodableError, KeyDestroyedError):
                return

    def generation(self, key: bytes | None) -> int:
        """Return the lowest generation of a conversation that is not erased."""
        return generation_of(self._marks.get(key or b""))

    def erased(self, letter: DeadLetter) -> bool:
        """Say whether a letter's record is from before an erasure of its conversation."""
        mark = self._marks.get(letter.key or b"")
        if mark is None or letter.failed_at > mark.forget_at:
            return False
        if letter.origin.topic == self._raw:
            return letter.origin.offset < mark.offset
        return letter.failed_at <= mark.erased_at


async def read_marks(settings: Settings, sealer: Sealer) -> Marks:
    """Return the marks of the version that serves. Raises BrokerUnavailableError."""
    marks, name = Marks(settings, sealer), changelog_name(NAME, settings)
    async with connected_admin(settings) as admin:
        known = name in await admin.list_topics()
        # As many as there are, not as the settings say: a command may be given others than the workers.
        partitions = len((await admin.describe_topics([name]))[0]["partitions"]) if known else 0
    if partitions:
        replica = Replica(connection(settings), name, partitions, marks.apply)
        await replica.start()
        await replica.stop()
    return marks
