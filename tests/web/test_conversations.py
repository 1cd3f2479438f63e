from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from aiohttp.test_utils import TestClient, make_mocked_request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from signalstream.core.keys import ConversationKey, is_conversation_id
from signalstream.errors import OwnerUnavailableError
from signalstream.models.agents import AI_AGENTS
from signalstream.models.conversation import ConversationView, KeptMessage
from signalstream.models.messages import Channel, Sender
from signalstream.models.windows import Timeline
from signalstream.web.conversations import matches
from tests.web.conftest import World, make_settings
from tests.web.insights import BEGIN, KEY, insight, update

INSIGHTS = "/v1/conversations/c-1/insights"
MESSAGE = {"conversation_id": "c-1", "sender": "customer", "message": "m"}
conversation_ids = st.text(min_size=1, max_size=128).filter(is_conversation_id)


def view(count: int) -> ConversationView:
    messages = tuple(
        KeptMessage(message_id=uuid4(), seq=seq, sender=Sender.CUSTOMER, text=f"text {seq}", timestamp=BEGIN)
        for seq in range(1, count + 1)
    )
    return ConversationView(
        conversation_id="c-1", tenant_id="demo-tenant", channel=Channel.CHAT, participants=(Sender.CUSTOMER,),
        message_count=count, last_seq=count, first_message_at=BEGIN, last_message_at=BEGIN + timedelta(seconds=count),
        messages=messages,
    )  # fmt: skip


async def test_an_insight_is_shown_with_its_revision_as_etag(world: World, client: TestClient) -> None:
    world.reader.insights[KEY] = insight(7)
    async with client.get(INSIGHTS) as answer:
        body = await answer.json()
        assert (answer.status, answer.content_type, answer.headers["ETag"]) == (200, "application/json", '"7"')
    assert (body["revision"], body["completeness"], body["summary"]) == (7, "partial", None)
    assert body["sentiment"]["emotion"] == "angry"
    assert body["last_updated"] == "2026-01-31T12:00:00.000Z"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ('"7"', 304),
        ('W/"7"', 304),
        ("*", 304),
        ('"1", "x,y" , W/"7"', 304),
        ('"6"', 200),
        ('"77"', 200),
        ("7", 200),
        ("", 200),
        ('"', 200),
    ],
)
async def test_an_unchanged_insight_is_a_304(world: World, client: TestClient, sent: str, status: int) -> None:
    world.reader.insights[KEY] = insight(7)
    async with client.get(INSIGHTS, headers={"If-None-Match": sent}) as answer:
        assert (answer.status, answer.headers["ETag"]) == (status, '"7"')
        assert bool(await answer.read()) is (status == 200)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), min_size=1), st.integers(0, 30))
def test_a_list_of_etags_matches_when_one_of_them_does(tags: list[tuple[bool, int]], revision: int) -> None:
    header = ", ".join(("W/" if weak else "") + f'"{number}"' for weak, number in tags)
    request = make_mocked_request("GET", "/", headers={"If-None-Match": header})
    assert matches(request, str(revision)) is any(number == revision for _, number in tags)


async def test_a_conversation_that_was_never_seen_is_a_404(client: TestClient) -> None:
    for path in (INSIGHTS, "/v1/conversations/c-1", "/v1/conversations/c-1/timeline"):
        async with client.get(path) as answer:
            assert (answer.status, answer.content_type) == (404, "application/problem+json")


async def test_an_accepted_message_shows_before_anything_is_known_of_it(world: World, client: TestClient) -> None:
    async with client.post("/v1/messages", json=MESSAGE) as answer:
        assert answer.status == 202
    async with client.get(INSIGHTS) as answer:
        body = await answer.json()
        assert (answer.status, answer.headers["ETag"]) == (200, '"0"')
    assert (body["completeness"], body["revision"], body["sentiment"], body["last_updated"]) == ("none", 0, None, None)
    assert {name: agent["status"] for name, agent in body["agents"].items()} == dict.fromkeys(AI_AGENTS, "pending")


async def test_the_state_shows_the_newest_messages(world: World, client: TestClient) -> None:
    world.reader.conversations[KEY] = view(60)
    for query, count in (("", 50), ("?limit=2", 2), ("?limit=500", 60)):
        async with client.get(f"/v1/conversations/c-1{query}") as answer:
            body = await answer.json()
        assert (len(body["messages"]), body["messages"][-1]["seq"], body["message_count"]) == (count, 60, 60)


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1.5", "", "ten", "٣", "9" * 5000])
async def test_a_wrong_limit_is_refused(client: TestClient, limit: str) -> None:
    async with client.get("/v1/conversations/c-1", params={"limit": limit}) as answer:
        assert (answer.status, (await answer.json())["errors"][0]["field"]) == (422, "limit")


async def test_the_timeline_is_shown(world: World, client: TestClient) -> None:
    world.reader.timelines[KEY] = Timeline(
        conversation_id="c-1", tenant_id="demo-tenant", window_seconds=300, windows=()
    )
    async with client.get("/v1/conversations/c-1/timeline") as answer:
        assert (await answer.json())["window_seconds"] == 300


async def test_the_tenant_of_the_query_counts_and_tenants_never_mix(world: World, client: TestClient) -> None:
    world.reader.insights[ConversationKey("acme", "c-1")] = insight(1, ConversationKey("acme", "c-1"))
    async with client.get(f"{INSIGHTS}?tenant_id=acme") as answer:
        assert (answer.status, (await answer.json())["tenant_id"]) == (200, "acme")
    async with client.get(INSIGHTS) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("query", ["tenant_id=A", "tenant_id=", "tenant_id=a%0A", "tenant_id=a&tenant_id=b"])
async def test_a_wrong_tenant_is_refused(client: TestClient, query: str) -> None:
    async with client.get(URL(f"{INSIGHTS}?{query}", encoded=True)) as answer:
        assert (answer.status, (await answer.json())["errors"][0]["field"]) == (422, "tenant_id")


async def test_without_a_default_tenant_one_must_be_named(world: World, serve: object) -> None:
    world.settings = make_settings(default_tenant=None)
    async with (await serve(world)).get(INSIGHTS) as answer:
        assert (answer.status, (await answer.json())["errors"][0]["field"]) == (422, "tenant_id")


@pytest.mark.parametrize("encoded", ["a%0Ab", "x" * 129, "%00", "%E2%80%8B"])
async def test_a_wrong_conversation_id_is_refused(client: TestClient, encoded: str) -> None:
    async with client.get(URL(f"/v1/conversations/{encoded}/insights", encoded=True)) as answer:
        assert (answer.status, (await answer.json())["errors"][0]["field"]) == (422, "conversation_id")


@pytest.mark.parametrize(
    "conversation",
    ["a/b", "/", "//", "50%", "%2F", "%252F", "über uns", "問い合わせ", "a?b#c", "{x}", "a+b", "..", "a;b=c", "'\""],
)
async def test_an_id_with_signs_in_it_is_found(world: World, client: TestClient, conversation: str) -> None:
    await check_that_an_id_is_found(world, client, conversation)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(conversation=conversation_ids)
async def test_any_id_that_may_be_posted_is_found(world: World, client: TestClient, conversation: str) -> None:
    await check_that_an_id_is_found(world, client, conversation)


async def check_that_an_id_is_found(world: World, client: TestClient, conversation: str) -> None:
    key = ConversationKey("demo-tenant", conversation)
    world.reader.insights[key] = insight(1, key)
    path = f"/v1/conversations/{quote(conversation, safe='').replace('.', '%2E')}/insights"
    async with client.get(URL(path, encoded=True)) as answer:
        assert (answer.status, (await answer.json())["conversation_id"]) == (200, conversation)


async def test_while_nobody_knows_the_owner_a_read_is_a_503_and_never_an_empty_200(
    world: World, client: TestClient
) -> None:
    world.ownership.error = OwnerUnavailableError("partition 3 is recovering")
    async with client.get(INSIGHTS) as answer:
        problem = await answer.json()
    assert (answer.status, problem["type"]) == (503, "urn:signalstream:problem:owner-unavailable")
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert "partition" not in str(problem)


async def test_the_list_shows_what_changed_last_first_page_by_page(world: World, client: TestClient) -> None:
    for number in range(5):
        world.live.apply(update(1, ConversationKey("demo-tenant", f"c-{number}"), at_ms=number))
    world.live.apply(update(1, ConversationKey("acme", "c-9"), at_ms=99))
    shown, cursor = [], None
    for _ in range(3):
        async with client.get(
            "/v1/conversations", params={"limit": "2"} | ({"cursor": cursor} if cursor else {})
        ) as answer:
            page = await answer.json()
        shown.append([item["conversation_id"] for item in page["conversations"]])
        cursor = page["next_cursor"]
    assert (shown, cursor) == ([["c-4", "c-3"], ["c-2", "c-1"], ["c-0"]], None)


async def test_a_cursor_that_is_none_is_refused(client: TestClient) -> None:
    async with client.get("/v1/conversations", params={"cursor": "rubbish"}) as answer:
        assert (answer.status, (await answer.json())["errors"][0]["field"]) == (422, "cursor")
