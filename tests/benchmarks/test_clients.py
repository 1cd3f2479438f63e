from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestServer

from benchmarks.clients import ClientsSpec, run
from benchmarks.figures import Spread
from benchmarks.post import OWN, Posted, PostPlan
from benchmarks.post_report import OF_FASTAPI, ONE_P50, post_tables, post_verdicts


async def posted(statuses: list[int], clients: int = 3):
    seen: list[int] = []

    async def post(request: web.Request) -> web.Response:
        await request.json()
        seen.append(statuses[len(seen) % len(statuses)])
        return web.json_response({"message_id": "m"}, status=seen[-1])

    application = web.Application()
    application.router.add_post("/v1/messages", post)
    async with TestServer(application) as server:
        spec = ClientsSpec(host="127.0.0.1", port=server.port, clients=clients, seconds=0.1)
        return await run(spec), seen


async def test_every_answer_is_counted_once_and_what_is_no_202_is_a_failure() -> None:
    answered, seen = await posted([202, 202, 503])
    assert len(answered.milliseconds) == seen.count(202) > 0
    assert list(answered.failures) == ["POST /v1/messages answered 503"] * seen.count(503)


async def test_what_was_refused_is_lost_and_a_yardstick_that_is_not_here_says_why() -> None:
    answered, seen = await posted([202, 503], clients=1)
    found = Posted({(OWN, 1): [answered]}, absent="fastapi is not installed")
    verdicts = {verdict.goal: verdict for verdict in post_verdicts(found)}

    assert found.lost == seen.count(503)
    assert isinstance(verdicts[ONE_P50].found, Spread)
    assert verdicts[OF_FASTAPI].row()[3:] == ("fastapi is not installed", "not measured")
    assert "fastapi is not installed" in post_tables(PostPlan(), found)[0].rows[-1]
