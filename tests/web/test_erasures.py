from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from signalstream.core.audit import AuditEvent
from signalstream.core.keys import ConversationKey
from signalstream.errors import BrokerUnavailableError, OwnerUnavailableError
from signalstream.models.erasure import ErasureMark
from signalstream.models.live import Update
from signalstream.web.services import WebServices
from tests.fakes import FakeAuditTrail, FakeOwnership, FakeReader
from tests.web.conftest import NOW, World
from tests.web.guarded import Guarded
from tests.web.insights import BEGIN, KEY, insight, update

Serve = Callable[[World], Awaitable[TestClient]]
PATH = "/v1/conversations/c-1"
ACME = ConversationKey("acme", "c-1")
ASKED_AT = int(NOW.timestamp() * 1000)
ERASED = 4411


@dataclass
class FakeTenants:
    """Keys that are destroyed once they are asked to be; ``clean`` when no broker has them."""

    gone: dict[str, datetime] = field(default_factory=dict)
    clean: bool = False

    async def destroy(self, tenant: str) -> datetime:
        return self.gone.setdefault(tenant, NOW)

    def destroyed(self, tenant: str) -> tuple[datetime, bool] | None:
        return (self.gone[tenant], self.clean) if tenant in self.gone else None


@dataclass
class Erasing(Guarded):
    """A world with an audit trail, and keys of tenants that can be destroyed."""

    trail: FakeAuditTrail = field(default_factory=FakeAuditTrail)
    tenants: FakeTenants | None = field(default_factory=FakeTenants)

    def services(self) -> WebServices:
        parts = (self.operations, self.ingest, self.reader, self.ownership, self.live, self.check())
        return WebServices(*parts, tenants=self.tenants, trail=self.trail)

    def eraser(self, tenant: str = "acme") -> dict[str, str]:
        return self.key("conversations:erase", tenant=tenant)


def mark(at: int = ASKED_AT, *, told: bool = True) -> ErasureMark:
    erased_at = datetime.fromtimestamp(at / 1000, UTC)
    return ErasureMark(erased_at=erased_at, generation=at, offset=7, forget_at=NOW + timedelta(days=31), told=told)


@pytest.fixture
def world() -> Erasing:
    made = Erasing()
    made.reader.insights[ACME] = insight(3, ACME)
    made.ingest.milliseconds = ASKED_AT
    return made


async def body_of(answer: ClientResponse) -> tuple[int, dict]:
    return answer.status, {**(await answer.json(content_type=None)), "request_id": None}


async def test_a_conversation_is_erased_once_the_broker_has_the_request_and_the_receipt_says_what_is_left(
    world: Erasing, client: TestClient
) -> None:
    async with client.delete(PATH, headers=world.eraser()) as answer:
        status, told = await body_of(answer)
    assert (status, told["status"], told["conversation_id"], world.ingest.erased) == (202, "accepted", "c-1", [ACME])
    assert {each["removed"] for each in told["removed"]} == {False}
    latest = {each["topic"]: each["latest"] for each in told["remaining"]}
    assert latest["support.messages.raw"] == "2026-02-08T12:00:00.123Z"  # seven days and a segment
    assert latest["support.dlq"] == "2026-03-03T12:00:00.123Z"
    assert latest["signalstream-conversations-changelog"] == "2026-02-02T12:00:00.123Z"
    assert "support.security.keys" not in latest

    path = f"/v1/erasures/{told['receipt_id']}"
    async with client.get(path, headers=world.eraser()) as answer:
        assert (await body_of(answer)) == (200, told)
    world.reader.marks[ACME] = mark(told=False)
    async with client.get(path, headers=world.eraser()) as answer:
        _, half = await body_of(answer)
    assert [each["name"] for each in half["removed"] if each["removed"]] == ["conversations"]
    world.reader.marks[ACME] = mark()
    async with client.get(path, headers=world.eraser()) as answer:
        _, done = await body_of(answer)
    assert (done["status"], {each["removed"] for each in done["removed"]}) == ("removed", {True})


async def test_every_erasure_is_written_down_before_it_is_asked_for_and_none_without(
    world: Erasing, client: TestClient
) -> None:
    async with client.delete(PATH, headers=world.eraser()) as answer:
        assert answer.status == 202
    [event] = world.trail.events
    assert (event.action, event.tenant, event.subject) == ("conversation.erased", "acme", "c-1")
    assert isinstance(event, AuditEvent)
    world.trail.error = BrokerUnavailableError("away")
    async with client.delete(PATH, headers=world.eraser()) as answer:
        assert answer.status == 503
    assert len(world.ingest.erased) == 1


async def test_an_unknown_conversation_and_another_tenants_get_the_same_404_and_nothing_is_erased(
    world: Erasing, client: TestClient
) -> None:
    answers = []
    for path, headers in ((PATH, world.eraser("other")), ("/v1/conversations/never", world.eraser())):
        async with client.delete(path, headers=headers) as answer:
            answers.append(await body_of(answer))
    assert answers[0] == answers[1]
    assert (answers[0][0], world.ingest.erased, world.trail.events) == (404, [], [])


async def test_an_erased_conversation_is_erased_again_and_gets_a_receipt_again(
    world: Erasing, client: TestClient
) -> None:
    world.reader.insights.clear()
    world.reader.marks[ACME] = mark(ASKED_AT - 5_000)
    async with client.delete(PATH, headers=world.eraser()) as answer:
        assert answer.status == 202


async def test_a_conversation_that_was_accepted_here_and_is_not_in_any_table_yet_is_erased(
    world: Erasing, client: TestClient
) -> None:
    body = {"conversation_id": "new", "sender": "customer", "message": "hello"}
    headers = world.key("messages:write", "conversations:erase")
    world.ownership = FakeOwnership(error=OwnerUnavailableError("moving"))
    async with client.post("/v1/messages", json=body, headers=headers) as answer:
        assert answer.status == 202
    async with client.delete("/v1/conversations/new", headers=headers) as answer:
        assert answer.status == 202
    assert world.ingest.erased == [ConversationKey("acme", "new")]


async def test_a_request_without_the_brokers_word_is_a_503_that_may_be_repeated(
    world: Erasing, client: TestClient
) -> None:
    world.ingest.error = BrokerUnavailableError("no ack")
    async with client.delete(PATH, headers=world.eraser()) as answer:
        assert (answer.status, "Retry-After" in answer.headers) == (503, True)


async def test_a_receipt_of_another_tenant_an_invented_one_and_a_forgotten_one_are_the_same_404(
    world: Erasing, client: TestClient
) -> None:
    async with client.delete(PATH, headers=world.eraser()) as answer:
        receipt = (await answer.json())["receipt_id"]
    answers = []
    for text, headers in ((receipt, world.eraser("other")), ("no-receipt", world.eraser())):
        async with client.get(f"/v1/erasures/{text}", headers=headers) as answer:
            answers.append(await body_of(answer))
    world.clock.time += timedelta(days=40)
    async with client.get(f"/v1/erasures/{receipt}", headers=world.eraser()) as answer:
        answers.append(await body_of(answer))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 404


async def test_any_worker_erases_what_another_one_holds(world: Erasing, serve: Serve) -> None:
    owner = await serve(world)
    asked = Erasing(keys=world.keys, reader=FakeReader(), ownership=FakeOwnership(url=str(owner.make_url(""))))
    elsewhere = await serve(asked)
    async with elsewhere.delete(PATH, headers=world.eraser()) as answer:
        status, told = await body_of(answer)
    assert (status, world.ingest.erased, asked.ingest.erased) == (202, [ACME], [])
    world.reader.marks[ACME] = mark()
    async with elsewhere.get(f"/v1/erasures/{told['receipt_id']}", headers=world.eraser()) as answer:
        assert (await body_of(answer))[1]["status"] == "removed"
    async with elsewhere.delete("/v1/conversations/never", headers=world.eraser()) as answer:
        assert answer.status == 404


async def test_a_tenants_keys_are_destroyed_by_its_own_admin_alone(world: Erasing, client: TestClient) -> None:
    async with client.delete("/v1/tenants/acme", headers=world.key("admin", tenant="other")) as answer:
        assert (answer.status, world.tenants.gone) == (403, {})
    async with client.delete("/v1/tenants/acme", headers=world.eraser()) as answer:
        assert (answer.status, world.tenants.gone) == (403, {})
    async with client.delete("/v1/tenants/acme", headers=world.key("admin")) as answer:
        status, told = await body_of(answer)
    assert (status, told["status"], [each["topic"] for each in told["remaining"]]) == (
        202,
        "accepted",
        ["support.security.vault"],
    )
    assert [(event.action, event.subject) for event in world.trail.events] == [("tenant.erased", "acme")]
    world.tenants.clean = True
    async with client.get(f"/v1/erasures/{told['receipt_id']}", headers=world.eraser()) as answer:
        _, done = await body_of(answer)
    assert (done["status"], done["remaining"], done["conversation_id"]) == ("removed", [], None)


async def test_without_encryption_a_tenant_cannot_be_erased_and_is_told_what_to_do(
    world: Erasing, serve: Serve
) -> None:
    world.tenants = None
    client = await serve(world)
    async with client.delete("/v1/tenants/acme", headers=world.key("admin")) as answer:
        problem = await answer.json(content_type=None)
    assert (problem["status"], problem["type"]) == (409, "urn:signalstream:problem:not-encrypted")
    assert "one by one" in problem["detail"]
    assert world.trail.events == []


def erased(generation: int, key: ConversationKey = KEY) -> Update:
    return Update(kind="erased", **key._asdict(), emitted_at=BEGIN, generation=generation)


async def frames(socket) -> list[dict]:
    return [json.loads(each.data) async for each in socket]


@pytest.fixture
def open_world() -> World:
    return World()


async def test_a_socket_of_an_erased_conversation_is_told_and_closed_and_the_list_forgets_it(
    open_world: World, serve: Serve
) -> None:
    client = await serve(open_world)
    open_world.live.apply(update(3))
    other = ConversationKey(KEY.tenant_id, "c-2")
    open_world.live.apply(update(3, other))
    async with (
        client.ws_connect("/ws/conversations/c-1/stream") as socket,
        client.ws_connect("/ws/conversations/c-2/stream") as neighbour,
    ):
        assert [(await socket.receive_json())["type"] for _ in range(2)] == ["connected", "intelligence_update"]
        open_world.live.apply(erased(ASKED_AT))
        assert await frames(socket) == [{"type": "erased", "conversation_id": "c-1"}]
        assert socket.close_code == ERASED
        assert not neighbour.closed
    async with client.get("/v1/conversations") as answer:
        assert [each["conversation_id"] for each in (await answer.json())["conversations"]] == ["c-2"]
    assert open_world.live.latest(KEY) is None


async def test_a_client_that_comes_back_gets_nothing_of_before_and_the_new_beginning_under_ids_of_its_own(
    open_world: World, serve: Serve
) -> None:
    client = await serve(open_world)
    open_world.live.apply(update(50))
    open_world.live.apply(erased(ASKED_AT))
    async with client.ws_connect("/ws/conversations/c-1/stream?last_event_id=50") as socket:
        assert (await socket.receive_json())["type"] == "connected"
        open_world.live.apply(update(ASKED_AT + 2))
        assert (await socket.receive_json())["id"] == str(ASKED_AT + 2)
        open_world.live.apply(erased(ASKED_AT))  # told again after a crash
        open_world.live.apply(update(ASKED_AT + 3))
        assert (await socket.receive_json())["id"] == str(ASKED_AT + 3)


async def test_sockets_of_an_erased_tenant_are_closed_with_a_reason_that_says_so(
    open_world: World, serve: Serve
) -> None:
    client = await serve(open_world)
    open_world.live.apply(update(3))
    async with client.ws_connect("/ws/conversations/c-1/stream") as socket:
        await socket.receive_json()
        await socket.receive_json()
        open_world.live.forget_tenant(KEY.tenant_id)
        assert (await socket.receive_json())["type"] == "erased"
        closing = await socket.receive()
        assert (closing.data, closing.extra) == (ERASED, "tenant-erased")


async def test_an_erasure_overtakes_what_waits_for_a_slow_socket_and_nothing_overtakes_it(open_world: World) -> None:
    live = open_world.live
    with live.subscribe(KEY) as waiting:
        for revision in range(1, 5):
            live.apply(update(revision))
        live.apply(erased(ASKED_AT))
        for revision in range(20):
            live.apply(update(ASKED_AT + revision))
        taken = [await anext(aiter(waiting)) for _ in range(2)]
    assert taken[0].generation == ASKED_AT
    assert taken[1].insight.revision > ASKED_AT


async def test_a_client_that_reads_late_learns_the_code_too(open_world: World, serve: Serve) -> None:
    client = await serve(open_world)
    open_world.live.apply(update(3))
    async with client.ws_connect("/ws/conversations/c-1/stream") as socket:
        await socket.receive_json()
        await socket.receive_json()
        open_world.live.apply(erased(ASKED_AT))
        await asyncio.sleep(0.2)
        assert await frames(socket) == [{"type": "erased", "conversation_id": "c-1"}]
        assert socket.close_code == ERASED
