from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.listeners import Heard
from benchmarks.site import Served, SiteSpec
from benchmarks.sockets import Sockets, SocketsPlan, note_frames, run_sockets, socket_tables, socket_verdicts

SERVED = Served(
    frame_bytes=981,
    bytes_before=0,
    bytes_after=0,
    flooded=9,
    flood_cpu_seconds=0.1,
    paced=(10.0, 11.0, 12.0, 13.0, 14.0),
)
SPEC = SiteSpec(port=1, sockets=1)


def test_a_paced_frame_is_timed_from_its_own_broadcast_and_one_that_did_not_come_is_lost() -> None:
    found = Sockets()
    heard = Heard(flooded=100, flood_seconds=0.5, paced=((0, 10.9), (1, 11.002), (2, 12.004), (3, 13.002)))
    note_frames(found, SPEC, SERVED, heard)

    assert found.deliveries == [200.0]
    assert (found.paced_p50, found.paced_p99) == ([pytest.approx(2.0)], [pytest.approx(4.0)])
    assert found.lost == 1


@pytest.mark.slow
def test_all_that_is_sent_reaches_all_sockets_of_the_real_site(tmp_path: Path) -> None:
    plan = SocketsPlan(rounds=1, sockets=10, flood_seconds=0.2, paced_seconds=0.5, idle=20)
    said: list[str] = []
    found = run_sockets(plan, tmp_path, said.append)

    assert (found.lost, len(said)) == (0, 2)
    assert all(verdict.found is not None for verdict in socket_verdicts(found))
    assert socket_tables(plan, found)[0].rows[3] == ("of these, frames that did not come", "0")
