from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from mode import Service
from structlog.testing import capture_logs

from signalstream.streaming.hosting import host


class App(Service):
    """An app that notes when it is finalized, started and stopped; ``service`` keeps what it is told to run."""

    def __init__(self, name: str, noted: list[str]) -> None:
        super().__init__()
        self.name, self.noted = name, noted
        self.services: list[Any] = []
        self.left_callbacks: list[Any] = []

    def service(self, kind: type[Service]) -> None:
        self.services.append(kind)

    def finalize(self) -> None:
        self.noted.append(f"finalize {self.name}")

    async def on_start(self) -> None:
        self.noted.append(f"start {self.name}")

    async def on_stop(self) -> None:
        self.noted.append(f"stop {self.name}")


class Slow(App):
    """An app that stops only when all have been asked to."""

    def __init__(self, name: str, noted: list[str], together: asyncio.Barrier) -> None:
        super().__init__(name, noted)
        self.together = together

    async def on_stop(self) -> None:
        await self.together.wait()


def step(name: str, noted: list[str], error: Exception | None = None) -> Any:
    async def take() -> None:
        noted.append(name)
        if error is not None:
            raise error

    return take


async def test_steps_before_come_first_in_order_then_all_apps_and_steps_after_when_they_have_stopped():
    noted: list[str] = []
    main, others = App("main", noted), [App("one", noted), App("two", noted)]
    host(
        main,  # type: ignore[arg-type]
        others,  # type: ignore[arg-type]
        [step("connect", noted), step("check", noted)],
        [step("disconnect", noted, OSError("broken pipe")), step("close", noted)],
    )

    [kind] = main.services
    hosted = kind()
    with capture_logs() as logs:
        async with hosted:
            assert noted[:4] == ["connect", "check", "finalize one", "finalize two"]
            assert sorted(noted[4:]) == ["start one", "start two"]
    assert sorted(noted[6:8]) == ["stop one", "stop two"]
    assert noted[8:] == ["disconnect", "close"]
    assert [line["event"] for line in logs] == ["hosting.stop_failed"]
    assert SimpleNamespace(**logs[0]).error == "OSError"


async def test_apps_stop_together_so_that_none_waits_for_the_work_of_another():
    together = asyncio.Barrier(3)
    main, others = App("main", []), [Slow(str(number), [], together) for number in range(3)]
    host(main, others, [], [])  # type: ignore[arg-type]

    hosted = main.services[0]()
    async with asyncio.timeout(5):
        async with hosted:
            pass
