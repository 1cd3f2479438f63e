"""Fixtures of all tests: an Apache Kafka for the session, names that no other test uses, and honest skipping."""

from __future__ import annotations

import logging
import os
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import structlog
from hypothesis import settings

from tests.kafka.broker import KafkaBroker
from tests.machine import missing_parts, must_run_everything

MISSING = pytest.StashKey[dict[str, str]]()


@dataclass(frozen=True)
class TopicNames:
    """What keeps a test's topics, groups and changelogs apart from all others on the same broker."""

    app_id: str
    topic_prefix: str

    def environment(self) -> dict[str, str]:
        """Return the settings for a process of this test."""
        return {"SIGNALSTREAM_APP_ID": self.app_id, "SIGNALSTREAM_TOPIC_PREFIX": self.topic_prefix}


def pytest_configure(config: pytest.Config) -> None:
    # Tests start hundreds of processes: each would compile the package again, and pytest all tests in every run.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # `make test` hands its flags and depth down; a make that a test starts would print more and act otherwise.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"):
        os.environ.pop(name, None)
    # A law holds or not; how long one example of it takes says something of the machine.
    settings.register_profile("laws", deadline=None)
    settings.register_profile("quick", settings.get_profile("laws"), max_examples=25)
    is_quick = "not slow" in config.option.markexpr  # `make quick`: a look at each law; `make test` has the whole one
    settings.load_profile(config.getoption("--hypothesis-profile") or ("quick" if is_quick else "laws"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    markers = {mark.name for item in items for mark in item.iter_markers()}
    missing = config.stash[MISSING] = missing_parts(markers)
    if missing and must_run_everything():
        reasons = "; ".join(f"{marker}: {reason}" for marker, reason in missing.items())
        pytest.exit(f"CI=true, and this machine cannot run every test: {reasons}", returncode=1)
    for item in items:
        for marker, reason in missing.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"{marker}: {reason}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for marker, reason in config.stash.get(MISSING, {}).items():
        terminalreporter.write_sep("!", f"NOT TESTED: {marker}", red=True, bold=True)
        terminalreporter.write_line(f"The tests marked '{marker}' did not run: {reason}.", red=True)


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaBroker]:
    """Give one Apache Kafka for the whole session; a test that stops or freezes one starts its own."""
    with KafkaBroker() as broker:
        yield broker


@pytest.fixture
def topic_names() -> TopicNames:
    """Give an app id and a topic prefix that no other test has."""
    return new_topic_names()


def new_topic_names() -> TopicNames:
    """Return an app id and a topic prefix that nothing else has."""
    unique = uuid.uuid4().hex[:10]
    return TopicNames(app_id=f"app-{unique}", topic_prefix=f"topics-{unique}")


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Leave logging and structlog as they were: both are of the whole process."""
    names = ("", "signalstream", "aiokafka", "faust", "mode", "kafka", "asyncio")
    before = [(logger, logger.level, logger.handlers[:]) for logger in map(logging.getLogger, names)]
    config = structlog.get_config()
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
    structlog.configure(**config)
