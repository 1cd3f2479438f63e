from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestServer

from benchmarks.flood import Answers, FloodSpec, run
from benchmarks.journal import Samples
from benchmarks.latency import Latency, summary
from benchmarks.neighbour import ALONE, BESIDE, Neighbourhood, NeighbourPlan
from benchmarks.neighbour_report import neighbour_tables


def latency(accepted: float, covered: float | None = 20.0, failures: tuple[str, ...] = ()) -> Latency:
    samples = Samples(
        late_ms=(0.0,) * 10, accepted_ms=(accepted,) * 10, covered_ms=(*(20.0,) * 9, covered), failures=failures
    )
    return summary(samples, cpu_share=0.0)


def test_what_the_neighbour_adds_is_the_difference_of_the_medians() -> None:
    found = Neighbourhood({ALONE: [latency(3.0), latency(5.0)], BESIDE: [latency(6.0), latency(7.0)]}, [])
    accepted = [row for row in neighbour_tables(NeighbourPlan(), found)[0].rows if row[0] == "POST, accepted"]

    assert [row[1:] for row in accepted] == [
        (ALONE, "4.0 (3.0–5.0)", "4.0 (3.0–5.0)", ""),  # noqa: RUF001  # the dash of the tables
        (BESIDE, "6.5 (6.0–7.0)", "6.5 (6.0–7.0)", "+2.5"),  # noqa: RUF001
    ]


def test_the_neighbours_answers_are_summed_over_the_runs() -> None:
    answers = [Answers(counts={202: 10, 429: 90}, seconds=1.0), Answers(counts={0: 1, 202: 9, 429: 90}, seconds=1.0)]
    rows = neighbour_tables(NeighbourPlan(), Neighbourhood(answers=answers))[1].rows

    assert rows[:-1] == [("no answer", "1", "0.5%"), ("202", "19", "9.5%"), ("429", "180", "90.0%")]


def test_a_refused_or_lost_message_of_the_quiet_tenant_is_told() -> None:
    found = Neighbourhood({ALONE: [latency(3.0, covered=None)], BESIDE: [latency(3.0, failures=("429",))]}, [])

    assert found.lost == 2


async def test_the_flood_posts_with_its_credential_and_counts_every_status() -> None:
    seen: list[str | None] = []

    async def post(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=202 if len(seen) <= 2 else 429)

    application = web.Application()
    application.router.add_post("/v1/messages", post)
    async with TestServer(application) as server:
        url = str(server.make_url("/"))
        answers = await run(FloodSpec(url=url, credential="noise", rate=500, seconds=0.02))

    assert answers.counts == {202: 2, 429: 8}
    assert set(seen) == {"Bearer noise"}
