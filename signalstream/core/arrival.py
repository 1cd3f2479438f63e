"""When a message arrived: by the broker's clock, which is one for a conversation, whoever took the message in.

The workers' clocks may be minutes apart, and a record of another producer may claim any time. With them a message
would fall into a window that another worker's clock has closed already. The broker dates each record of the topics
when it appends it (``message.timestamp.type=LogAppendTime``), and a redelivered record has the date that it had.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from signalstream.models.messages import Message

MOST_SKEW = timedelta(minutes=15)  # a record that is older when the broker takes it in was really held up: redriven


def record_time(seconds: float | None) -> datetime | None:
    """Return a record's time, given in epoch seconds, or None when it has none."""
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and seconds > 0 else None


def arrived(message: Message, at: datetime | None) -> Message:
    """Return the message as received ``at``; it was written then too, unless its sender gave another time.

    A message that was received long before its record was made (a redriven one) keeps its times.
    """
    if at is None or message.received_at < at - MOST_SKEW:
        return message
    dated_by_sender = message.written_at != message.received_at
    return message.model_copy(update={"received_at": at, "written_at": message.written_at if dated_by_sender else at})
