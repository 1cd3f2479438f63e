"""The row loses what the pii agent found, whichever way its message came in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from signalstream.core.sealing import UNSEALED
from signalstream.core.tagged import tagged_message
from signalstream.core.tags import KeyedTagger
from signalstream.models.messages import Message
from signalstream.streaming.values import encode
from tests.agents.test_erasure import KEY, Worker
from tests.core.analyses import analysis, found, message
from tests.streaming.events import event

TEXT = "Ann Lee, a@b.example"
ENTITY = {
    "type": "name",
    "value": "[REDACTED]",
    "start_index": 0,
    "end_index": 7,
    "placeholder": "[NAME_20001]",
    "confidence": 0.9,
    "detector": "rampart",
}
MAIL = {**ENTITY, "type": "email", "start_index": 9, "end_index": 20, "placeholder": "[EMAIL_1]"}


@dataclass
class Pipeline:
    """Both agents, and the pii agent as one that finds what ENTITY says."""

    worker: Worker = field(default_factory=Worker)

    async def join(self, one: Message) -> None:
        await self.worker.joining.step(event(encode(one), key=KEY.encode(), topic="raw", offset=0))

    async def analyse(self) -> None:
        turn = self.worker.turns()[-1]
        result: dict[str, Any] = {"has_pii": True, "entities": [ENTITY, MAIL], "redacted_text": "?"}
        one = analysis("pii", turn.seq, message_id=turn.message.message_id, result=result)
        await self.worker.merging.step(event(encode(one), key=KEY.encode(), topic="ai.pii"))

    def shown(self) -> str:
        view = self.worker.reader.conversation(KEY, 10)
        assert view is not None
        return view.messages[0].text


def tagged(one: Message) -> Message:
    return tagged_message(one, found("a@b.example", "email"), KeyedTagger(UNSEALED.secret_of))


@pytest.mark.parametrize(
    ("one", "before"),
    [
        (tagged(message(1, TEXT)), "Ann Lee, [EMAIL_1]"),
        (message(1, TEXT), TEXT),
        (message(1, TEXT).model_copy(update={"found": (), "unsearched": True}), TEXT),
    ],
    ids=["tagged", "of an earlier version", "not searched"],
)
async def test_what_the_pii_agent_found_leaves_the_row_and_stays_out(one: Message, before: str) -> None:
    pipeline = Pipeline()
    await pipeline.join(one)
    assert pipeline.shown() == before
    for _ in range(2):
        await pipeline.analyse()
        assert pipeline.shown() == "[NAME_20001], [EMAIL_1]"
    await pipeline.join(one)
    assert pipeline.shown() == "[NAME_20001], [EMAIL_1]"
