from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient

from signalstream.core.keys import ConversationKey
from signalstream.errors import ConfigurationError
from signalstream.security.issuing import revoke
from signalstream.security.principal import SCOPES, Scope
from signalstream.web.routes import ROUTES, Route
from signalstream.web.services import WebServices
from signalstream.web.site import build_site, methods
from tests.security.keys import NOW
from tests.web.conftest import World
from tests.web.guarded import Guarded, guarded_settings
from tests.web.insights import insight

OPEN = {
    "getHealth", "getReady", "getLive", "getOpenApi", "getPage", "getPageAsset", "getDocs", "getDocsAsset",
}  # fmt: skip
SCOPED = [route for route in ROUTES if route.scope is not None]
MESSAGE = {"conversation_id": "c-1", "sender": "customer", "message": "m"}
INSIGHTS = "/v1/conversations/c-1/insights"
OF_THE_MOMENT = {"Date", "RateLimit-Remaining", "RateLimit-Reset"}  # of one's own requests, whatever they were for


@pytest.fixture
def world() -> Guarded:
    return Guarded()


@pytest.fixture
async def client(world: Guarded) -> AsyncIterator[TestClient]:
    async with world.served() as client:
        yield client


def path_of(route: Route) -> str:
    filled = route.path.replace("{tenant_id}", "acme")
    for name in ("conversation_id", "receipt_id", "name"):
        filled = filled.replace(f"{{{name}}}", "c-1")
    return filled


def test_what_is_open_to_everyone_is_a_closed_list_and_every_scope_is_one_that_there_is() -> None:
    assert {route.operation for route in ROUTES if route.scope is None} == OPEN
    assert {route.scope for route in SCOPED} <= SCOPES


@pytest.mark.parametrize("route", SCOPED, ids=lambda route: route.operation)
async def test_each_route_refuses_who_has_no_credential_and_who_has_every_scope_but_its_own(
    world: Guarded, client: TestClient, route: Route
) -> None:
    others = world.key(*(SCOPES - {str(route.scope)}))
    upgrade = (
        {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"} if route.is_socket else {}
    )
    for method in methods(route):
        async with client.request(method, path_of(route), headers=others | upgrade) as answer:
            assert answer.status == 403
            assert answer.headers["WWW-Authenticate"] == (
                f'Bearer realm="signalstream", error="insufficient_scope", scope="{route.scope}"'
            )
            if method != "HEAD":
                assert (await answer.json(content_type=None))["type"] == "urn:signalstream:problem:scope-missing"
        if not route.is_socket:
            async with client.request(method, path_of(route)) as answer:
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"] == 'Bearer realm="signalstream"'
    assert world.ingest.accepted == []


@pytest.mark.parametrize("route", SCOPED, ids=lambda route: route.operation)
async def test_each_route_lets_in_who_has_its_scope_alone(world: Guarded, client: TestClient, route: Route) -> None:
    own = world.key(str(route.scope))
    async with client.request(route.method, path_of(route), headers=own) as answer:
        assert answer.status not in {401, 403}


async def test_the_tenant_is_the_credentials(world: Guarded, client: TestClient) -> None:
    async with client.post("/v1/messages", json=MESSAGE, headers=world.key("messages:write")) as answer:
        assert answer.status == 202
    async with client.post("/v1/messages", json=MESSAGE | {"tenant_id": "acme"}, headers=world.key()) as answer:
        assert answer.status == 202
    assert {message.tenant_id for message, _ in world.ingest.accepted} == {"acme"}


async def test_who_names_another_tenant_is_refused_wherever_it_stands(world: Guarded, client: TestClient) -> None:
    key = world.key()
    asked = [
        client.post("/v1/messages", json=MESSAGE | {"tenant_id": "other"}, headers=key),
        client.post("/v1/messages?tenant_id=other", json=MESSAGE, headers=key),
        client.post("/v1/messages?tenant_id=acme", json=MESSAGE | {"tenant_id": "other"}, headers=key),
        client.get("/v1/conversations?tenant_id=other", headers=key),
        client.get("/v1/conversations?tenant_id=acme&tenant_id=other", headers=key),
        client.get(f"{INSIGHTS}?tenant_id=other", headers=key),
        client.get(f"{INSIGHTS}?tenant_id=No+Tenant", headers=key),
        client.get("/ws/conversations/c-1/stream?tenant_id=other", headers=key | {"Upgrade": "websocket"}),
    ]
    for request in asked:
        async with request as answer:
            problem = await answer.json(content_type=None)
            assert (answer.status, problem["type"]) == (403, "urn:signalstream:problem:tenant-mismatch")
    assert world.ingest.accepted == []


@pytest.mark.parametrize("end", ["", "/insights", "/timeline"])
async def test_anothers_conversation_is_answered_as_one_that_nobody_has_seen_to_the_last_byte(
    world: Guarded, client: TestClient, end: str
) -> None:
    world.reader.insights[ConversationKey("other", "theirs")] = insight(3, ConversationKey("other", "theirs"))
    async with client.post(
        "/v1/messages", json=MESSAGE | {"conversation_id": "theirs"}, headers=world.key(tenant="other")
    ) as posted:
        assert posted.status == 202
    key, seen = world.key(), []
    for conversation in ("theirs", "nobody"):
        headers = key | {"X-Request-ID": "the-same"}
        async with client.get(f"/v1/conversations/{conversation}{end}", headers=headers) as answer:
            kept = {name: value for name, value in answer.headers.items() if name not in OF_THE_MOMENT}
            seen.append((answer.status, kept, await answer.read()))
    assert seen[0] == seen[1]
    assert seen[0][0] == 404


async def test_two_tenants_with_the_same_conversation_id_see_each_their_own(world: Guarded, client: TestClient) -> None:
    for tenant, revision in (("acme", 3), ("other", 5)):
        own = ConversationKey(tenant, "c-1")
        world.reader.insights[own] = insight(revision, own)
    for tenant, revision in (("acme", 3), ("other", 5)):
        async with client.get(INSIGHTS, headers=world.key(tenant=tenant)) as answer:
            body = await answer.json()
        assert (body["tenant_id"], body["revision"]) == (tenant, revision)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "signalstream_a_b",
        "Bearer signalstream_a_b",
        "Bearer a.b.c",
        "x" * 5000,
    ],
)
async def test_what_is_no_good_credential_is_a_401_that_says_no_more(client: TestClient, header: str) -> None:
    async with client.get(INSIGHTS, headers={"Authorization": header}) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="signalstream", error="invalid_token"'
        assert header[7:] not in await answer.text() or not header[7:]


async def test_two_credentials_in_one_request_are_refused(world: Guarded, client: TestClient) -> None:
    twice = [("Authorization", world.key()["Authorization"])] * 2
    async with client.get(INSIGHTS, headers=twice) as answer:
        assert answer.status == 401


async def test_a_credential_in_the_address_is_none(world: Guarded, client: TestClient) -> None:
    key = world.key()["Authorization"].removeprefix("Bearer ")
    for name in ("access_token", "token", "api_key", "authorization"):
        async with client.get(f"{INSIGHTS}?{name}={key}") as answer:
            assert answer.status == 401


@pytest.mark.parametrize("ended", ["expired", "revoked"])
async def test_a_key_that_has_ended_says_so_to_its_holder(world: Guarded, client: TestClient, ended: str) -> None:
    key, record = world.keys.issue(tenant="acme", lives=timedelta(minutes=1))
    if ended == "revoked":
        world.keys.write(revoke(record, NOW))
    else:
        world.keys.clock.time = NOW + timedelta(minutes=1)
    async with client.get(INSIGHTS, headers={"Authorization": f"Bearer {key.text}"}) as answer:
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["type"]) == (401, f"urn:signalstream:problem:credential-{ended}")


async def test_while_a_revocation_could_have_been_missed_nobody_is_let_in(world: Guarded, client: TestClient) -> None:
    key = world.key()
    world.keys.fresh = False
    async with client.get(INSIGHTS, headers=key) as answer:
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["type"]) == (503, "urn:signalstream:problem:authentication-unavailable")
    assert int(answer.headers["Retry-After"]) >= 1


async def test_a_wrong_scheme_in_small_letters_is_no_wrong_scheme(world: Guarded, client: TestClient) -> None:
    key = world.key()["Authorization"].replace("Bearer", "bearer")
    async with client.get("/v1/conversations", headers={"Authorization": key}) as answer:
        assert answer.status == 200


async def test_the_owner_is_asked_with_the_callers_own_credential(world: Guarded) -> None:
    owner = Guarded(keys=world.keys)
    own = ConversationKey("acme", "c-1")
    owner.reader.insights[own] = insight(7, own)
    async with owner.served() as behind, world.served() as asked:
        world.ownership.url = str(behind.make_url(""))
        async with asked.get(INSIGHTS, headers=world.key(Scope.INSIGHTS_READ)) as answer:
            assert (await answer.json())["revision"] == 7
        async with behind.get(INSIGHTS, headers={"X-SignalStream-Forwarded": "1"}) as answer:
            assert answer.status == 401


@pytest.mark.parametrize("path", ["/health", "/ready", "/live"])
async def test_parts_are_shown_to_the_scope_admin_alone(world: Guarded, client: TestClient, path: str) -> None:
    shown = {}
    for who, headers in {"nobody": {}, "reader": world.key("insights:read"), "admin": world.key("admin")}.items():
        async with client.get(path, headers=headers) as answer:
            assert answer.status == 200
            shown[who] = (await answer.json())["parts"]
    assert shown["nobody"] == shown["reader"] == {}
    assert shown["admin"] != {}


async def test_a_worker_that_is_not_ready_tells_everyone_that_and_the_admin_why(
    world: Guarded, client: TestClient
) -> None:
    world.operations.ok = False
    async with client.get("/ready") as answer:
        assert (answer.status, (await answer.json(content_type=None)).get("parts", {})) == (503, {})
    async with client.get("/ready", headers=world.key("admin")) as answer:
        assert (await answer.json(content_type=None))["parts"]


async def test_settings_show_parts_to_everyone_and_hide_the_docs() -> None:
    world = Guarded(settings=guarded_settings(health_details="everyone", api_docs="off"))
    async with world.served() as client:
        async with client.get("/health") as answer:
            assert (await answer.json())["parts"] != {}
        for path in ("/docs", "/openapi.json", "/docs/static/docs.js"):
            async with client.get(path) as answer:
                assert answer.status == 404
        async with client.get("/") as answer:
            assert answer.status == 200


def test_a_site_that_wants_credentials_and_has_nothing_to_check_them_with_is_not_built(world: World) -> None:
    services = WebServices(world.operations)
    with pytest.raises(ConfigurationError, match="SIGNALSTREAM_AUTH=required"):
        build_site(services, guarded_settings())
