from __future__ import annotations

import asyncio
import gzip
import json
from datetime import datetime
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signalstream.errors import BrokerUnavailableError, KeyDestroyedError, KeyPendingError
from signalstream.models.messages import MessageIn
from signalstream.web.ingest import message_id_of, parse_message
from signalstream.web.problems import ProblemError
from tests.web.conftest import NOW, World, make_settings

GOOD = {"conversation_id": "c-1", "sender": "customer", "message": "Where is my order?"}
JSON = {"Content-Type": "application/json"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=4),
    max_leaves=12,
)


async def post(client: TestClient, body: object = None, **changes: object) -> tuple[int, dict[str, object]]:
    headers = changes.pop("headers", {})
    async with client.post("/v1/messages", json=(body or GOOD) | changes, headers=headers) as answer:
        return answer.status, await answer.json()


async def refused_fields(client: TestClient, **changes: object) -> dict[str, str]:
    status, problem = await post(client, **changes)
    assert (status, problem["type"]) == (422, "urn:signalstream:problem:validation")
    return {error["field"]: error["message"] for error in problem["errors"]}


async def test_an_accepted_message_is_answered_with_its_id_and_its_time(world: World, client: TestClient) -> None:
    status, answer = await post(client)
    message, request_id = world.ingest.accepted[0]
    assert status == 202
    assert answer == {
        "message_id": str(message.message_id),
        "conversation_id": "c-1",
        "status": "accepted",
        "timestamp": "2026-01-31T12:00:00.123Z",
    }
    assert (message.tenant_id, message.text, message.written_at, message.received_at) == (
        "demo-tenant", "Where is my order?", NOW, NOW,
    )  # fmt: skip
    assert request_id


async def test_the_message_keeps_all_that_was_sent_with_it(world: World, client: TestClient) -> None:
    given_id = "3b241101-e2bb-4255-8caf-4136c566a962"
    _, answer = await post(
        client, channel="email", sender="agent", metadata={"order": [1, {"a": None}]}, message_id=given_id,
        timestamp="2026-01-30T10:00:00+02:00", tenant_id="acme", headers={"X-Request-ID": "mine-1"},
    )  # fmt: skip
    message, request_id = world.ingest.accepted[0]
    assert answer["timestamp"] == "2026-01-30T08:00:00.000Z"
    assert (message.message_id, message.tenant_id, request_id) == (UUID(given_id), "acme", "mine-1")
    assert (message.channel, message.sender, message.metadata) == ("email", "agent", {"order": [1, {"a": None}]})
    assert (message.written_at, message.received_at) == (datetime.fromisoformat("2026-01-30T08:00:00+00:00"), NOW)


async def test_nothing_is_answered_before_the_broker_has_acknowledged(world: World, client: TestClient) -> None:
    world.ingest.gate = asyncio.Event()
    posting = asyncio.create_task(post(client))
    await asyncio.sleep(0.05)
    assert not posting.done()
    world.ingest.gate.set()
    assert (await posting)[0] == 202


async def test_an_erased_tenant_is_told_that_nothing_is_taken_in_for_it_any_more(
    world: World, client: TestClient
) -> None:
    world.ingest.error = KeyDestroyedError("the key of tenant acme was destroyed")
    async with client.post("/v1/messages", json=GOOD) as answer:
        problem = await answer.json()

    assert (answer.status, problem["type"]) == (410, "urn:signalstream:problem:tenant-erased")


async def test_a_tenants_key_that_is_not_here_yet_is_a_503_of_its_own(world: World, client: TestClient) -> None:
    world.ingest.error = KeyPendingError("the key 1234 has not arrived")
    async with client.post("/v1/messages", json=GOOD) as answer:
        problem = await answer.json()

    assert (answer.status, problem["type"]) == (503, "urn:signalstream:problem:key-pending")
    assert "1234" not in json.dumps(problem)


async def test_a_broker_that_does_not_acknowledge_is_a_503_that_says_when_to_come_back(
    world: World, client: TestClient
) -> None:
    world.ingest.error = BrokerUnavailableError("no acknowledgement from 10.0.0.7:9092")
    async with client.post("/v1/messages", json=GOOD) as answer:
        problem = await answer.json()
    assert (answer.status, problem["type"]) == (503, "urn:signalstream:problem:broker-unavailable")
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert "10.0.0.7" not in json.dumps(problem)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"conversation_id": None}, "conversation_id", "string"),
        ({"conversation_id": ""}, "conversation_id", "1 character"),
        ({"conversation_id": "x" * 129}, "conversation_id", "128"),
        ({"conversation_id": "a\nb"}, "conversation_id", "printable"),
        ({"sender": "boss"}, "sender", "customer"),
        ({"message": "x" * 10_001}, "message", "10000"),
        ({"message": " \t "}, "message", "white space"),
        ({"message": 5}, "message", "string"),
        ({"message": "a\x00b"}, "message", "NUL"),
        ({"channel": "fax"}, "channel", "email"),
        ({"tenant_id": "Not A Tenant"}, "tenant_id", "pattern"),
        ({"metadata": []}, "metadata", "object"),
        ({"metadata": {str(number): 1 for number in range(33)}}, "metadata", "32"),
        ({"metadata": {"deep": {"a": "\ud800"}}}, "metadata.deep.a", "surrogates"),
        ({"metadata": {"big": 2**63}}, "metadata.big", "64 bits"),
        ({"message_id": "7"}, "message_id", "UUID"),
        ({"timestamp": "yesterday"}, "timestamp", "RFC 3339"),
        ({"timestamp": "2026-01-31T12:00:00"}, "timestamp", "offset"),
        ({"timestamp": "0001-01-01T00:00:00+05:00"}, "timestamp", "years"),
        ({"subject": "hello"}, "subject", "not a known field"),
        ({"headers": {"Idempotency-Key": "x" * 256}}, "Idempotency-Key", "255"),
    ],
)
async def test_a_wrong_field_is_named_with_what_is_wrong(
    world: World, client: TestClient, changes: dict[str, object], field: str, words: str
) -> None:
    assert words in (await refused_fields(client, **changes))[field]
    assert world.ingest.accepted == []


async def test_every_wrong_field_is_named_at_once(client: TestClient) -> None:
    status, problem = await post(client, {"sender": "boss", "extra": 1})
    assert status == 422
    assert {error["field"] for error in problem["errors"]} == {"conversation_id", "message", "sender", "extra"}


async def test_what_was_written_does_not_come_back_in_an_error(client: TestClient) -> None:
    secret = "my card is 4111 1111 1111 1111"
    for changes in ({"message": secret * 400}, {"message": {"a": secret}}, {"sender": secret}, {"message_id": secret}):
        _, problem = await post(client, **changes)
        assert "4111" not in json.dumps(problem)


@pytest.mark.parametrize("name", ["4111111111111111", "jo@example.com", "Jo Doe", "AKIA7Q2Z", "x" * 41, "", "a\r\nb"])
async def test_a_name_that_is_more_than_letters_does_not_come_back_either(client: TestClient, name: str) -> None:
    for changes, field in (({name: 1}, "?"), ({"metadata": {name: "a\x00b"}}, "metadata.?")):
        _, problem = await post(client, changes)
        assert field in {error["field"] for error in problem["errors"]}
        assert not name or name not in json.dumps(problem)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"message": NaN}', 400),
        (b"\xff\xfe{}", 400),
        (b"[" * 30_000, 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b'{"a":' * 50 + b"1" + b"}" * 50, 422),
    ],
)
async def test_a_body_that_is_not_a_json_object_says_so(client: TestClient, body: bytes, status: int) -> None:
    async with client.post("/v1/messages", data=body, headers=JSON) as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")


async def test_of_two_equal_names_the_last_one_counts(world: World, client: TestClient) -> None:
    body = b'{"conversation_id":"c-1","sender":"customer","message":"first","message":"last"}'
    async with client.post("/v1/messages", data=body, headers=JSON) as answer:
        assert answer.status == 202
    assert world.ingest.accepted[0][0].text == "last"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_only_plain_json_is_taken(client: TestClient, headers: dict[str, str]) -> None:
    body = json.dumps(GOOD).encode()
    data = gzip.compress(body) if "Content-Encoding" in headers else body
    async with client.post("/v1/messages", data=data, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (415, "application/problem+json")


async def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(client: TestClient) -> None:
    limit = make_settings().max_body_bytes
    body = json.dumps(GOOD).encode()
    for spare, status in ((0, 202), (1, 413)):
        padded = body + b" " * (limit + spare - len(body))

        async def chunks(whole: bytes = padded) -> object:
            yield whole

        for data in (padded, chunks()):  # with a Content-Length and without
            async with client.post("/v1/messages", data=data, headers=JSON) as answer:
                assert (answer.status, len(padded)) == (status, limit + spare)


async def test_the_tenant_may_stand_in_the_query(world: World, client: TestClient) -> None:
    async with client.post("/v1/messages?tenant_id=acme", json=GOOD) as answer:
        assert answer.status == 202
    assert world.ingest.accepted[0][0].tenant_id == "acme"


async def test_two_different_tenants_are_refused(client: TestClient) -> None:
    async with client.post("/v1/messages?tenant_id=acme", json=GOOD | {"tenant_id": "other"}) as answer:
        assert (answer.status, (await answer.json())["errors"][0]["field"]) == (422, "tenant_id")


async def test_without_a_default_tenant_the_answer_says_what_to_send(world: World, serve: object) -> None:
    world.settings = make_settings(default_tenant=None)
    errors = await refused_fields(await serve(world))
    assert "?tenant_id=" in errors["tenant_id"]


async def test_the_same_idempotency_key_is_the_same_message(world: World, client: TestClient) -> None:
    ids = [(await post(client, headers={"Idempotency-Key": key}))[1]["message_id"] for key in ("k 1", "k 1", "k 2")]
    assert ids[0] == ids[1] != ids[2]


async def test_the_same_idempotency_key_of_another_tenant_is_another_message(client: TestClient) -> None:
    headers = {"Idempotency-Key": "k"}
    first, second = [(await post(client, headers=headers, tenant_id=tenant))[1] for tenant in ("one", "two")]
    assert first["message_id"] != second["message_id"]


async def test_a_message_id_that_contradicts_the_idempotency_key_is_refused(client: TestClient) -> None:
    headers = {"Idempotency-Key": "k"}
    derived = (await post(client, headers=headers))[1]["message_id"]
    assert (await post(client, headers=headers, message_id=derived))[0] == 202
    errors = await refused_fields(client, headers=headers, message_id="3b241101-e2bb-4255-8caf-4136c566a962")
    assert set(errors) == {"message_id"}


def parsed(body: bytes) -> MessageIn | int:
    """Return the message, or the status of the refusal."""
    try:
        return parse_message(body)
    except ProblemError as error:
        return error.status


@given(st.from_regex(r"[ -~]{1,255}", fullmatch=True), st.sampled_from(["a", "b-1"]))
def test_a_printable_key_gives_the_same_uuid5_each_time(key: str, tenant: str) -> None:
    derived = message_id_of(key, tenant, None)
    assert derived == message_id_of(key, tenant, derived)
    assert derived.version == 5


@given(st.text(st.characters(exclude_categories=["L", "N", "P", "S", "Zs"]) | st.characters(min_codepoint=127)))
def test_any_other_key_is_refused(key: str) -> None:
    with pytest.raises(ProblemError, match="Idempotency-Key"):
        message_id_of(key, "a", None)


@given(json_values)
def test_no_json_value_is_anything_but_a_message_a_400_or_a_422(value: object) -> None:
    result = parsed(json.dumps(value).encode())
    assert result in (400, 422) or isinstance(value, dict)


@given(st.dictionaries(st.sampled_from([*MessageIn.model_fields, "extra"]), json_values), st.sampled_from([{}, GOOD]))
def test_no_value_of_any_field_is_anything_but_a_sendable_message_a_400_or_a_422(
    changes: dict[str, object], base: dict[str, object]
) -> None:
    result = parsed(json.dumps(base | changes).encode())
    assert result in (400, 422) or result.model_dump_json().encode()


@given(st.binary(max_size=200))
def test_no_bytes_are_anything_but_a_400_or_a_422(body: bytes) -> None:
    with pytest.raises(ProblemError) as raised:
        parse_message(body)
    assert raised.value.status in (400, 422)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from([*MessageIn.model_fields, "extra"]), json_values))
async def test_over_http_no_json_body_is_a_500(client: TestClient, changes: dict[str, object]) -> None:
    body = json.dumps(GOOD | changes).encode()
    async with client.post("/v1/messages", data=body, headers=JSON) as answer:
        assert answer.status in (202, 400, 422)
        await answer.json()
