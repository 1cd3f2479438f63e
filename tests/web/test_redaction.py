"""From POST to the row: what is kept holds no planted value, and offsets are those of what was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient

from signalstream.ai.local.pii import PatternDetector
from signalstream.ai.local.pii_finder import PersonalDataFinder, analyse_pii
from signalstream.core.conversation import Bounds, join
from signalstream.core.keys import ConversationKey
from signalstream.core.policies import OnePolicy
from signalstream.core.redaction import Span
from signalstream.core.sealing import UNSEALED
from signalstream.core.tags import KeyedTagger
from signalstream.errors import BrokerUnavailableError
from signalstream.models.conversation import Turn
from signalstream.models.messages import Message, OriginalMessage
from signalstream.models.policy import TenantPolicy
from signalstream.security.principal import Scope
from signalstream.security.redacting import Redactor
from signalstream.web.services import WebServices
from tests.core.analyses import message_id, nothing_found
from tests.fakes import FakeIngest
from tests.web.conftest import World
from tests.web.guarded import Guarded

TAGGER = KeyedTagger(UNSEALED.secret_of)
BOUNDS = Bounds(kept_messages=50, kept_characters=60_000, context_messages=20, context_characters=8_000)
CARD, MAIL, PHONE = "4111 1111 1111 1111", "jo@mail.example", "+1 206 555 0173"
PATH = f"/v1/conversations/c-1/messages/{message_id(1)}/original"


def patterns(_tenant: str, text: str) -> tuple[Span, ...]:
    return PatternDetector().find(text)


def broken(_tenant: str, text: str) -> tuple[Span, ...]:
    raise ValueError(text)


@dataclass
class RedactingIngest(FakeIngest):
    """Keeps what was accepted, redacted."""

    find: Callable[[str, str], tuple[Span, ...]] = patterns
    failure: str = "block"
    originals: str = "redacted_only"

    async def accept(self, message: Message, request_id: str) -> None:
        policy = {"tenant_id": "x", "originals": self.originals, "detector_failure": self.failure}
        policies = OnePolicy(TenantPolicy.model_validate(policy))
        redactor = Redactor(self.find, TAGGER, policies, UNSEALED, 2.0)
        await super().accept(await redactor.redact(message), request_id)


async def post(client: TestClient, text: str, **more: Any) -> tuple[int, Any]:
    body = {"conversation_id": "c", "sender": "customer", "message": text, **more}
    async with client.post("/v1/messages", json=body) as answer:
        return answer.status, {**await answer.json(), "headers": dict(answer.headers)}


def turns(ingest: FakeIngest) -> list[Turn]:
    state, made = None, []
    for message, _ in ingest.accepted:
        joined = join(state, message, nothing_found, BOUNDS)
        state = joined.state
        made.append(joined.turn)
    return made


@pytest.fixture
def world() -> World:
    return World(ingest=RedactingIngest())


async def test_nothing_that_was_planted_in_any_field_is_kept(world: World, client: TestClient) -> None:
    metadata = {"mail": MAIL, MAIL: 1, "deep": [{"pan": 4111111111111111, "call": PHONE}]}
    status, _ = await post(client, f"card {CARD}, mail {MAIL}, call {PHONE}", metadata=metadata)
    assert status == 202
    [(kept, _)] = world.ingest.accepted
    for planted in ("4111", "jo@mail", "555 0173"):
        assert planted not in kept.model_dump_json()
    assert kept.text.count("[") == 3


async def test_entities_have_their_places_in_what_was_written(world: World, client: TestClient) -> None:
    texts = [f"🙂 ask Tomasz Kowalczyk: {CARD} or {MAIL}", f"{MAIL} again, and {PHONE}"]
    for text in texts:
        await post(client, text)
    finder = PersonalDataFinder(tagger=TAGGER)
    await finder.start()
    results = [await analyse_pii(finder, turn) for turn in turns(world.ingest)]
    await finder.stop()
    found = [
        [(entity.type, text[entity.start_index : entity.end_index]) for entity in result.entities]
        for text, result in zip(texts, results, strict=True)
    ]
    assert found == [
        [("name", "Tomasz Kowalczyk"), ("credit_card", CARD), ("email", MAIL)],
        [("email", MAIL), ("phone", PHONE)],
    ]
    assert results[1].redacted_text == "[EMAIL_1] again, and [PHONE_1]"
    assert results[0].redacted_text.endswith("[CREDIT_CARD_1] or [EMAIL_1]")
    assert "Tomasz" not in results[0].redacted_text


async def test_a_name_that_patterns_found_once_keeps_its_number_where_only_the_model_finds_it(
    world: World, client: TestClient
) -> None:
    for text in ("My name is Emily Whitfield.", "Please call Emily Whitfield back"):
        await post(client, text)
    finder = PersonalDataFinder(tagger=TAGGER)
    await finder.start()
    shown = [(await analyse_pii(finder, turn)).redacted_text for turn in turns(world.ingest)]
    told = (await finder.redacted(turns(world.ingest)[1])).values()
    await finder.stop()
    assert shown == ["My name is [NAME_1].", "Please call [NAME_1] back"]
    assert set(told) == set(shown)


async def test_a_message_that_cannot_be_searched_is_refused_for_now_and_not_kept(serve: Any) -> None:
    world = World(ingest=RedactingIngest(find=broken))
    status, problem = await post(await serve(world), f"card {CARD}")
    assert (status, problem["type"]) == (503, "urn:signalstream:problem:redaction-failed")
    assert 1 <= int(problem["headers"]["Retry-After"]) <= 5
    assert CARD not in str(problem)
    assert world.ingest.accepted == []


async def test_where_a_tenant_lets_it_pass_it_is_kept_and_marked(serve: Any) -> None:
    world = World(ingest=RedactingIngest(find=broken, failure="pass"))
    status, _ = await post(await serve(world), "hello")
    [(kept, _)] = world.ingest.accepted
    assert (status, kept.unsearched, kept.text) == (202, True, "hello")


async def test_originals_without_encryption_are_refused_with_what_to_do(serve: Any) -> None:
    world = World(ingest=RedactingIngest(originals="redacted_and_sealed_original"))
    status, problem = await post(await serve(world), "hello")
    assert (status, problem["type"]) == (503, "urn:signalstream:problem:originals-not-sealed")
    assert "encrypt" in problem["detail"]


@dataclass
class FakeOriginals:
    """Originals by conversation and message, and who read them."""

    kept: dict[tuple[ConversationKey, UUID], OriginalMessage] = field(default_factory=dict)
    readers: list[str] = field(default_factory=list)
    error: Exception | None = None

    async def read(self, key: ConversationKey, message_id: UUID, actor: str) -> OriginalMessage | None:
        if self.error is not None:
            raise self.error
        self.readers.append(actor)
        return self.kept.get((key, message_id))


@dataclass
class GuardedOriginals(Guarded):
    """A guarded site with originals of acme's conversation c-1."""

    originals: FakeOriginals = field(default_factory=FakeOriginals)

    def __post_init__(self) -> None:
        one = OriginalMessage(message_id=message_id(1), conversation_id="c-1", message=f"mail {MAIL}")
        self.originals.kept[ConversationKey("acme", "c-1"), message_id(1)] = one

    def services(self) -> WebServices:
        return replace(super().services(), originals=self.originals)


async def test_an_original_is_given_to_its_own_tenant_with_the_scope_for_it_alone(serve: Any) -> None:
    world = GuardedOriginals()
    client = await serve(world)
    others = {scope.value for scope in Scope} - {Scope.ORIGINALS_READ.value}
    for headers, expected in (
        (world.key("originals:read"), 200),
        (world.key(*others), 403),
        (world.key("originals:read", tenant="other"), 404),
        ({}, 401),
    ):
        async with client.get(PATH, headers=headers) as answer:
            assert answer.status == expected
            assert (MAIL in await answer.text()) == (expected == 200)
            assert answer.headers["Cache-Control"] == "no-store"
    assert len(world.originals.readers) == 2
    async with client.get(PATH.replace(str(message_id(1)), "7"), headers=world.key()) as answer:
        assert answer.status == 422


async def test_an_original_whose_reading_cannot_be_audited_is_not_given_out(serve: Any) -> None:
    world = GuardedOriginals()
    world.originals.error = BrokerUnavailableError("away")
    client = await serve(world)
    async with client.get(PATH, headers=world.key()) as answer:
        assert answer.status == 503
