"""Whether every accepted message had its effect exactly once: asked of the workers when the faults are over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.client import Client

SETTLE_SECONDS = 60.0


@dataclass
class Verdict:
    """Counts over all conversations; every one but ``sent`` must be zero."""

    sent: int = 0
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    incomplete: int = 0
    miscounted_windows: int = 0
    differing_answers: int = 0
    settled_after_seconds: float = 0.0
    examples: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Say whether nothing is wrong."""
        faults = (self.lost, self.duplicated, self.out_of_order, self.incomplete, self.miscounted_windows)
        return not any(faults) and not self.differing_answers

    def blame(self, what: str) -> None:
        """Keep an example of what is wrong."""
        if len(self.examples) < 5:
            self.examples.append(what)


async def judge(session: aiohttp.ClientSession, urls: Sequence[str], accepted: Mapping[str, list[str]]) -> Verdict:
    """Compare what was accepted with what every worker shows; wait for it to settle, a minute at most."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    while True:
        verdict = await _look(session, urls, accepted)
        verdict.settled_after_seconds = loop.time() - started
        if verdict.clean or verdict.settled_after_seconds > SETTLE_SECONDS:
            return verdict
        await asyncio.sleep(1)


async def _look(session: aiohttp.ClientSession, urls: Sequence[str], accepted: Mapping[str, list[str]]) -> Verdict:
    verdict = Verdict(sent=sum(len(ids) for ids in accepted.values()))
    for name, ids in accepted.items():
        answers = [await _pictures(Client(session, url), name) for url in urls]
        if any(answer != answers[0] for answer in answers):
            verdict.differing_answers += 1
            verdict.blame(f"{name}: the workers do not answer alike")
        _compare(verdict, name, ids, answers[0])
    return verdict


async def _pictures(client: Client, name: str) -> tuple[Any, Any, Any]:
    path = f"/v1/conversations/{name}"
    found = [await client.get(path + rest) for rest in ("?limit=500", "/insights", "/timeline")]
    state, insight, timeline = (body if status == 200 else None for status, body in found)
    return state, insight, timeline


def _compare(verdict: Verdict, name: str, ids: list[str], pictures: tuple[Any, Any, Any]) -> None:
    state, insight, timeline = pictures
    if state is None or insight is None or timeline is None:
        verdict.incomplete += 1
        verdict.blame(f"{name}: not readable")
        return
    found = [message["message_id"] for message in state["messages"]]
    verdict.lost += len(set(ids) - set(found))
    verdict.duplicated += state["message_count"] - len(set(found)) + len(found) - len(set(found))
    if found != ids:
        verdict.out_of_order += sorted(found) == sorted(ids)
        verdict.blame(f"{name}: accepted {len(ids)}, found {len(found)}")
    if insight["completeness"] != "complete" or insight["last_seq"] != len(ids):
        verdict.incomplete += 1
        verdict.blame(f"{name}: insight {insight['completeness']} at {insight['last_seq']} of {len(ids)}")
    counted = sum(window["message_count"] for window in timeline["windows"])
    analysed = sum(sum(window["analyses"].values()) for window in timeline["windows"])
    if counted != len(ids) or analysed != 4 * len(ids):
        verdict.miscounted_windows += 1
        verdict.blame(f"{name}: windows count {counted} messages and {analysed} analyses of {len(ids)}")
