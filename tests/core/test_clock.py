from datetime import UTC, datetime, timedelta

from signalstream.core.clock import BrokerClock, SystemClock
from tests.core.analyses import BEGIN
from tests.fakes import FixedClock


def test_the_system_clock_says_the_present_time_in_utc():
    before = datetime.now(UTC)
    now = SystemClock().now()

    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)


def test_the_brokers_clock_is_known_from_the_record_that_waited_least():
    machine = FixedClock(BEGIN)
    broker = BrokerClock(machine)
    assert broker.now() == BEGIN

    ahead = timedelta(minutes=5)
    for waited in (9.0, 0.1, 4.0):
        broker.heard(machine.now() + ahead - timedelta(seconds=waited))

    assert broker.now() == BEGIN + ahead - timedelta(seconds=0.1)


def test_a_clock_that_is_set_right_is_believed_after_a_while():
    machine = FixedClock(BEGIN)
    broker = BrokerClock(machine)
    broker.heard(machine.now() + timedelta(minutes=5))
    machine.time += timedelta(minutes=5)
    broker.heard(machine.now())

    assert broker.now() == machine.now()
