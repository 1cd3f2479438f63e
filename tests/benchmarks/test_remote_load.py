from __future__ import annotations

from collections import Counter

from aiohttp import web
from aiohttp.test_utils import TestServer

from benchmarks.remote_load import RemoteLoad, body_of, run


def spec(url: str, **changes: object) -> RemoteLoad:
    fields = {
        "urls": (url,),
        "brokers": "",
        "raw_topic": None,
        "per_minute": 6_000.0,
        "seconds": 0.2,
        "tenants": 3,
        "conversations": 12,
    }
    return RemoteLoad.model_validate({**fields, **changes})


def test_a_conversation_has_one_tenant_and_no_two_messages_have_the_same_text() -> None:
    bodies = [body_of(spec("http://x"), number) for number in range(36)]
    assert len({(body["tenant_id"], body["conversation_id"]) for body in bodies}) == 12
    assert Counter(body["tenant_id"] for body in bodies) == {"bench-0": 12, "bench-1": 12, "bench-2": 12}
    assert len({body["message"] for body in bodies}) == 36


async def test_every_message_is_posted_in_its_turn_and_what_is_refused_is_told() -> None:
    async def take(request: web.Request) -> web.Response:
        body = await request.json()
        if body["conversation_id"] == "remote-3":
            return web.Response(status=503)
        return web.json_response({"message_id": body["message"]}, status=202)

    app = web.Application()
    app.router.add_post("/v1/messages", take)
    app.router.add_get("/live", _ok)
    async with TestServer(app) as server:
        posts = await run(spec(str(server.make_url("")).rstrip("/")))
    assert len(posts.accepted) == 18
    assert [failure.split(":")[0] for failure in posts.failures] == ["RuntimeError"] * 2
    dues = sorted(post.due for post in posts.accepted)
    assert 0.18 < dues[-1] - dues[0] < 0.2
    assert all(post.accepted_ms >= post.late_ms for post in posts.accepted)


async def _ok(_: web.Request) -> web.Response:
    return web.Response()
