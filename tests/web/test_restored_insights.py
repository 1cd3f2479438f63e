from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient

from signalstream.core.keys import ConversationKey
from signalstream.errors import BrokerUnavailableError
from signalstream.models.conversation import ConversationView, KeptMessage
from signalstream.models.intelligence import Emotion, Sentiment, SentimentLabel
from signalstream.models.messages import Channel, OriginalMessage, Sender
from signalstream.security.principal import Scope
from signalstream.web.services import WebServices
from tests.core.analyses import BEGIN, message_id
from tests.web.guarded import Guarded
from tests.web.insights import insight
from tests.web.test_redaction import FakeOriginals

KEY = ConversationKey("acme", "c-1")
PATH = "/v1/conversations/c-1/insights/originals"
MAIL = "jo@mail.example"


@dataclass
class CountingOriginals(FakeOriginals):
    """Originals, and which messages were read."""

    read_of: list[UUID] = field(default_factory=list)

    async def read(self, key: ConversationKey, message_id: UUID, actor: str) -> OriginalMessage | None:
        self.read_of.append(message_id)
        return await super().read(key, message_id, actor)


@dataclass
class Restoring(Guarded):
    """Acme's conversation c-1: five messages, of which the fourth has an address; the insight speaks of it."""

    originals: CountingOriginals = field(default_factory=CountingOriginals)

    def __post_init__(self) -> None:
        values = {"[EMAIL_1]": MAIL}
        one = OriginalMessage(message_id=message_id(4), conversation_id="c-1", message=f"mail {MAIL}", values=values)
        self.originals.kept[KEY, message_id(4)] = one
        self.say("[EMAIL_1] is angry")
        messages = tuple(
            KeptMessage(message_id=message_id(seq), seq=seq, sender=Sender.CUSTOMER, text="t", timestamp=BEGIN)
            for seq in range(1, 6)
        )
        self.reader.conversations[KEY] = ConversationView(
            **KEY._asdict(),
            channel=Channel.CHAT,
            participants=(Sender.CUSTOMER,),
            message_count=5,
            last_seq=5,
            first_message_at=BEGIN,
            last_message_at=BEGIN,
            messages=messages,
        )

    def say(self, reasoning: str) -> None:
        label, emotion = SentimentLabel.NEGATIVE, Emotion.ANGRY
        sentiment = Sentiment(sentiment=label, confidence=0.9, emotion=emotion, reasoning=reasoning, score=-0.8)
        self.reader.insights[KEY] = insight(3, KEY, sentiment=sentiment)

    def services(self) -> WebServices:
        return replace(super().services(), originals=self.originals)


@pytest.fixture
def world() -> Restoring:
    return Restoring()


@pytest.fixture
async def client(world: Restoring) -> AsyncIterator[TestClient]:
    async with world.served() as client:
        yield client


async def test_who_may_read_originals_gets_the_insight_with_them_and_nobody_else_does(
    world: Restoring, client: TestClient
) -> None:
    async with client.get(PATH, headers=world.key("originals:read")) as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
        assert (await answer.json())["sentiment"]["reasoning"] == f"{MAIL} is angry"
    others = {scope.value for scope in Scope} - {Scope.ORIGINALS_READ.value}
    refused = ((world.key(*others), 403), (world.key("originals:read", tenant="other"), 404), ({}, 401))
    for headers, status in refused:
        async with client.get(PATH, headers=headers) as answer:
            assert answer.status == status
            assert MAIL not in await answer.text()


async def test_no_more_originals_are_read_than_it_takes_and_none_without_a_placeholder(
    world: Restoring, client: TestClient
) -> None:
    await client.get(PATH, headers=world.key("originals:read"))
    assert world.originals.read_of == [message_id(5), message_id(4)]
    assert set(world.originals.readers) != {"acme"}
    world.originals.read_of.clear()
    world.say("nothing personal")
    async with client.get(PATH, headers=world.key("originals:read")) as answer:
        assert (answer.status, world.originals.read_of) == (200, [])


async def test_what_no_original_tells_stays_a_placeholder(world: Restoring, client: TestClient) -> None:
    world.say("[EMAIL_1] or [EMAIL_2]")
    async with client.get(PATH, headers=world.key("originals:read")) as answer:
        assert (await answer.json())["sentiment"]["reasoning"] == f"{MAIL} or [EMAIL_2]"
    assert len(world.originals.read_of) == 5


async def test_a_reading_that_cannot_be_audited_gives_nothing_out(world: Restoring, client: TestClient) -> None:
    world.originals.error = BrokerUnavailableError("away")
    async with client.get(PATH, headers=world.key("originals:read")) as answer:
        assert answer.status == 503
        assert MAIL not in await answer.text()
