"""What every sweep's loop holds to."""

from __future__ import annotations

from dataclasses import dataclass, field

from structlog.testing import capture_logs

from signalstream.agents.sweeping import keep_sweeping


@dataclass
class App:
    """Stops after as many looks as there are answers to whether it is ready."""

    ready: list[bool]
    slept: list[float] = field(default_factory=list)

    @property
    def should_stop(self) -> bool:
        return not self.ready

    @property
    def is_ready(self) -> bool:
        return self.ready.pop(0)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Sweep:
    """Counts, and raises the first ``failures`` times."""

    failures: int = 0
    times: int = 0

    async def __call__(self) -> None:
        self.times += 1
        if self.times <= self.failures:
            raise KeyError("a rebalance in between")


async def test_it_sweeps_after_each_interval_while_the_app_is_ready() -> None:
    app, sweep = App([True, False, True]), Sweep()
    await keep_sweeping(app, 5.0, sweep, "windows.sweep_failed")
    assert (sweep.times, app.slept) == (2, [5.0] * 4)


async def test_nothing_is_swept_once_the_app_stops() -> None:
    app, sweep = App([]), Sweep()
    await keep_sweeping(app, 5.0, sweep, "windows.sweep_failed")
    assert (sweep.times, app.slept) == (0, [5.0])


async def test_a_sweep_that_fails_is_told_and_tried_again() -> None:
    sweep = Sweep(failures=1)
    with capture_logs() as logs:
        await keep_sweeping(App([True, True]), 5.0, sweep, "windows.sweep_failed")
    assert sweep.times == 2
    assert [(line["event"], line["error"]) for line in logs] == [("windows.sweep_failed", "KeyError")]
