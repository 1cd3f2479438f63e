from datetime import UTC, datetime, timedelta

from signalstream.core.clock import SystemClock


def test_the_system_clock_says_the_present_time_in_utc():
    before = datetime.now(UTC)
    now = SystemClock().now()

    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)
