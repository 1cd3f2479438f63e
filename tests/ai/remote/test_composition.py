from __future__ import annotations

import pytest

from signalstream.ai.remote.composition import patience_of
from signalstream.settings import Settings


@pytest.mark.parametrize(
    ("deadline", "remote", "outage", "longest", "shortest"),
    [(30.0, 12.0, 4.0, 12.0, 4.0), (10.0, 12.0, 4.0, 6.0, 4.0), (1.0, 12.0, 4.0, 0.6, 0.6)],
)
async def test_the_local_analyst_is_left_time_within_the_deadline_of_an_analysis(
    deadline, remote, outage, longest, shortest
):
    patience = patience_of(
        Settings(
            _env_file=None,
            analysis_deadline_seconds=deadline,
            remote_deadline_seconds=remote,
            remote_outage_deadline_seconds=outage,
        )
    )
    for _ in range(10):
        patience.note(answered=False)
    assert (patience.longest, patience.seconds) == pytest.approx((longest, shortest))


def test_by_default_an_insight_is_less_than_five_seconds_late_while_the_model_is_away():
    settings = Settings(_env_file=None)

    assert settings.remote_outage_deadline_seconds < 5
    assert settings.remote_deadline_seconds < settings.analysis_deadline_seconds
