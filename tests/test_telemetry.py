from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import structlog

from signalstream.errors import UndecodableError
from signalstream.models.messages import Message
from signalstream.settings import Settings
from signalstream.streaming.delivery import Stage, message_headers
from signalstream.streaming.values import decode, encode
from signalstream.telemetry import configure_logging
from tests.core.analyses import BEGIN, message
from tests.fakes import FixedClock, RecordingOutbox
from tests.streaming.events import event

CANARY = "canary9137"


pytestmark = pytest.mark.usefixtures("restored_logging")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def configured(**changes: object) -> Any:
    configure_logging(Settings(_env_file=None, log_format="json").model_copy(update=changes))
    return structlog.get_logger()


def test_a_line_is_json_with_time_level_event_and_logger(capsys):
    configured().info("topics.created", topics=["one"])

    [line] = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "topics.created", "level": "info", "logger": "signalstream", "topics": ["one"]}


def test_lines_of_libraries_look_the_same_and_their_chatter_is_left_out(capsys):
    configured()
    logging.getLogger("faust.app").info("Worker %s", "ready")
    logging.getLogger("aiokafka").info("chatter")

    [line] = lines(capsys)
    assert (line["event"], line["level"], line["logger"]) == ("Worker ready", "info", "faust.app")


@pytest.mark.parametrize(("level", "count"), [("DEBUG", 2), ("INFO", 1), ("ERROR", 0)])
def test_the_level_is_of_our_own_lines(capsys, level, count):
    log = configured(log_level=level)
    log.debug("one")
    log.info("two")

    assert len(lines(capsys)) == count


def test_on_a_console_a_line_is_for_people(capsys):
    configured(log_format="console").info("topics.created")

    said = capsys.readouterr().err
    assert "topics.created" in said
    assert not said.startswith("{")


async def test_every_line_within_a_stage_says_which_record_it_is_about_and_none_what_was_written(capsys):
    configured(log_level="DEBUG")
    written = event(
        encode(message(1, CANARY)), topic="raw", partition=2, offset=7, headers=message_headers("r-1", "acme")
    )

    async def step(taken: Any) -> None:
        structlog.get_logger().info("within.step")
        if CANARY in decode(Message, taken.message.value).text:
            raise ValueError(CANARY)

    stage = Stage("conversation", RecordingOutbox(), "dlq", 1, FixedClock(BEGIN), lambda _: True)
    await stage.process(written, step)
    structlog.get_logger().info("outside")

    said = lines(capsys)
    assert [line["event"] for line in said] == ["within.step", "stage.attempt_failed", "stage.dead_letter", "outside"]
    for line in said[:-1]:
        assert {
            "agent": "conversation",
            "topic": "raw",
            "partition": 2,
            "offset": 7,
            "tenant_id": "acme",
            "conversation_id": "c-1",
            "correlation_id": "r-1",
        }.items() <= line.items()
    assert "tenant_id" not in said[-1]
    assert CANARY not in json.dumps(said)


def test_a_traceback_of_a_refused_value_does_not_hold_it(capsys):
    log = configured()
    try:
        decode(Message, json.dumps({"text": CANARY, CANARY: 1}).encode())
    except UndecodableError:
        log.exception("refused")

    [line] = lines(capsys)
    assert "UndecodableError" in line["exception"]
    assert CANARY not in json.dumps(line)
