from __future__ import annotations

import asyncio
import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.keys import ConversationKey
from signalstream.models.live import Update
from signalstream.web.live import CoalescingSubscription, LiveConversations, decode_cursor, encode_cursor
from tests.web.insights import BEGIN, KEY, update

OTHER = ConversationKey("acme", "c-1")
revisions = st.lists(st.integers(1, 20), max_size=30)
keys = st.builds(ConversationKey, st.sampled_from(["a", "b"]), st.sampled_from(["1", "2", "3", "4", "5"]))
changes = st.lists(st.tuples(keys, st.integers(1, 6), st.integers(0, 5)), max_size=40)


async def taken(subscription: CoalescingSubscription) -> list[int]:
    """Return the revisions that wait in a subscription."""
    found: list[int] = []

    async def read() -> None:
        async for each in subscription:
            found.append(each.insight.revision)  # noqa: PERF401  # a comprehension would lose them at the timeout

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(read(), 0.01)
    return found


def test_the_newest_revision_is_kept_and_its_json_was_made_once() -> None:
    live = LiveConversations(10)
    for revision in (1, 3, 2, 3):
        live.apply(update(revision))
    latest = live.latest(KEY)
    assert latest.insight.revision == 3
    assert latest.encoded == latest.insight.model_dump_json().encode()
    assert live.latest(KEY) is latest


def test_tenants_with_the_same_conversation_id_never_mix() -> None:
    live = LiveConversations(10)
    live.apply(update(5))
    live.apply(update(2, OTHER))
    assert live.latest(KEY).insight.tenant_id == "demo-tenant"
    assert live.latest(OTHER).insight.revision == 2
    assert [item.tenant_id for item in live.page("acme", 10, None).conversations] == ["acme"]


def test_nothing_of_an_erased_tenant_is_kept_and_another_tenants_stays() -> None:
    live = LiveConversations(10)
    other = ConversationKey("other", KEY.conversation_id)
    live.apply(update(1))
    live.apply(update(1, other))

    live.forget_tenant(KEY.tenant_id)
    live.forget_tenant("unknown")

    assert live.latest(KEY) is None
    assert live.page(KEY.tenant_id, 10, None).conversations == ()
    assert live.latest(other) is not None


async def test_a_subscription_gets_the_changes_of_its_conversation_alone() -> None:
    live = LiveConversations(10)
    live.apply(update(1))
    with live.subscribe(KEY) as mine, live.subscribe(OTHER) as other:
        live.apply(update(2))
        live.apply(update(1))
        live.apply(update(3))
        assert await taken(mine) == [2, 3]
        assert await taken(other) == []


async def test_a_waiting_reader_wakes_with_a_change() -> None:
    live = LiveConversations(10)
    with live.subscribe(KEY) as mine:
        reading = asyncio.create_task(anext(aiter(mine)))
        await asyncio.sleep(0)
        live.apply(update(4))
        assert (await asyncio.wait_for(reading, 1)).insight.revision == 4


async def test_a_closed_subscription_gets_nothing_and_is_forgotten() -> None:
    live = LiveConversations(10)
    with live.subscribe(KEY) as mine:
        pass
    live.apply(update(1))
    assert await taken(mine) == []
    assert live._subscriptions == {}


def test_a_window_is_no_news_of_an_insight() -> None:
    live = LiveConversations(10)
    live.apply(Update(kind="window", tenant_id="demo-tenant", conversation_id="c-1", emitted_at=BEGIN))
    assert live.latest(KEY) is None
    assert live.page("demo-tenant", 10, None).conversations == ()


def test_beyond_the_capacity_the_longest_unchanged_falls_out() -> None:
    live = LiveConversations(2)
    first, second, third = (ConversationKey("t", name) for name in "abc")
    for revision, key in ((1, first), (1, second), (2, first), (1, third)):
        live.apply(update(revision, key))
    assert (live.latest(second), live.latest(first).insight.revision) == (None, 2)
    assert {item.conversation_id for item in live.page("t", 10, None).conversations} == {"a", "c"}


@given(revisions, st.integers(1, 4))
def test_a_slow_reader_sees_rising_revisions_no_more_than_the_queue_holds_and_the_newest_last(
    applied: list[int], queue: int
) -> None:
    async def law() -> None:
        live = LiveConversations(10, queue)
        with live.subscribe(KEY) as mine:
            for revision in applied:
                live.apply(update(revision))
            seen = await taken(mine)
        assert seen == sorted(set(seen))
        assert len(seen) <= queue
        assert seen[-1:] == ([max(applied)] if applied else [])

    asyncio.run(law())


@given(changes, st.integers(1, 4))
def test_pages_show_each_conversation_once_newest_change_first(
    applied: list[tuple[ConversationKey, int, int]], limit: int
) -> None:
    live = LiveConversations(100)
    newest: dict[ConversationKey, tuple[int, int]] = {}
    for key, revision, at_ms in applied:
        live.apply(update(revision, key, at_ms=at_ms))
        if revision > newest.get(key, (0, 0))[0]:
            newest[key] = (revision, at_ms)
    shown = all_pages(live, "a", limit)
    expected = {(at_ms, key.conversation_id) for key, (_, at_ms) in newest.items() if key.tenant_id == "a"}
    assert shown == [conversation for _, conversation in sorted(expected, reverse=True)]


@given(changes, changes, st.integers(1, 3))
def test_changes_while_someone_pages_show_nothing_twice_and_lose_nothing_that_stood_still(
    before: list[tuple[ConversationKey, int, int]], between: list[tuple[ConversationKey, int, int]], limit: int
) -> None:
    live = LiveConversations(100)
    for key, revision, at_ms in before:
        live.apply(update(revision, key, at_ms=at_ms))
    there = {item.conversation_id for item in live.page("a", 100, None).conversations}
    page = live.page("a", limit, None)
    for number, (key, revision, _) in enumerate(between):
        live.apply(update(revision + 100, key, at_ms=1_000 + number))
    shown = [item.conversation_id for item in page.conversations]
    if page.next_cursor is not None:
        shown += all_pages(live, "a", limit, page.next_cursor)
    changed = {key.conversation_id for key, _, _ in between if key.tenant_id == "a"}
    assert len(shown) == len(set(shown))
    assert there - changed <= set(shown)


@given(changes, st.integers(1, 3))
def test_what_is_kept_never_exceeds_the_capacity_and_the_list_shows_just_that(
    applied: list[tuple[ConversationKey, int, int]], capacity: int
) -> None:
    live = LiveConversations(capacity)
    for key, revision, at_ms in applied:
        live.apply(update(revision, key, at_ms=at_ms))
    listed = [(tenant, name) for tenant in "ab" for name in all_pages(live, tenant, 2)]
    kept = [key for key in {key for key, _, _ in applied} if live.latest(key) is not None]
    assert sorted(listed) == sorted(kept)
    assert len(kept) <= capacity


def all_pages(live: LiveConversations, tenant: str, limit: int, cursor: str | None = None) -> list[str]:
    """Return the ids of every page from ``cursor`` on."""
    shown: list[str] = []
    for _ in range(100):
        page = live.page(tenant, limit, cursor)
        assert len(page.conversations) <= limit
        shown += [item.conversation_id for item in page.conversations]
        cursor = page.next_cursor
        if cursor is None:
            return shown
    raise AssertionError("the pages do not end")


@given(st.integers(0, 2**53), st.text().filter(lambda text: text.isprintable()))
def test_a_cursor_comes_back_as_its_place(milliseconds: int, conversation: str) -> None:
    assert decode_cursor(encode_cursor((milliseconds, conversation))) == (milliseconds, conversation)


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_other_text_is_a_value_error_or_the_one_spelling_of_a_place(text: str) -> None:
    try:
        place = decode_cursor(text)
    except ValueError:
        return
    assert encode_cursor(place) == text
