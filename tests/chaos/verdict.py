"""Whether every accepted message had its effect exactly once, judged by what workers, topics and listeners show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from signalstream.models.agents import AI_AGENTS
from tests.chaos.evidence import Evidence, Pictures
from tests.client import Json

EXAMPLES, EXAMPLE_CHARACTERS = 8, 600


@dataclass
class Verdict:
    """Counts over all conversations; every one of ``wrong`` must be zero."""

    sent: int = 0
    wrong: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            (
                "lost",
                "duplicated",
                "out of order",
                "insights without all analyses",
                "windows miscounted",
                "workers that answer differently",
                "final revision missing in the topic",
                "final revision missing on a socket",
                "revisions with two pictures",
                "dead letters",
                "lag",
                "not ready or not live",
            ),
            0,
        )
    )
    examples: list[str] = field(default_factory=list)
    settled_after_seconds: float = 0.0
    waited_for: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Say whether nothing is wrong."""
        return not any(self.wrong.values())

    def count(self, what: str, number: int, example: str) -> None:
        """Add to a count, with an example of what is wrong."""
        self.wrong[what] += number
        if number and len(self.examples) < EXAMPLES:
            self.examples.append(f"{what}: {example}"[:EXAMPLE_CHARACTERS])


def judge(evidence: Evidence) -> Verdict:
    """Compare what was accepted with what there is."""
    verdict = Verdict(sent=sum(len(ids) for ids in evidence.accepted.values()))
    for name, ids in evidence.accepted.items():
        pictures = evidence.pictures[name]
        differing = sum(answer != pictures[0] for answer in pictures)
        verdict.count("workers that answer differently", differing, name)
        _judge_state(verdict, name, list(ids), pictures[0])
        _judge_insight(verdict, name, len(ids), pictures[0])
        _judge_windows(verdict, name, len(ids), pictures[0])
        _judge_told(verdict, name, pictures[0].insight, evidence)
    verdict.count("dead letters", evidence.dead_letters, "none of the messages is unprocessable")
    verdict.count("lag", sum(evidence.lag.values()), str(dict(evidence.lag)))
    verdict.count("not ready or not live", len(evidence.unwell), "; ".join(evidence.unwell))
    return verdict


def _judge_state(verdict: Verdict, name: str, ids: list[str], pictures: Pictures) -> None:
    messages = pictures.state["messages"] if pictures.state is not None else []
    found = [message["message_id"] for message in messages]
    counted = pictures.state["message_count"] if pictures.state is not None else 0
    verdict.count("lost", len(set(ids) - set(found)), f"{name}: accepted {len(ids)}, found {len(found)}")
    surplus = len(found) - len(set(found)) + max(0, counted - len(set(found)))
    verdict.count("duplicated", surplus, f"{name}: {counted} counted, {len(set(found))} different")
    seqs = [message["seq"] for message in messages]
    in_order = [each for each in ids if each in found] == found and seqs == list(range(1, len(found) + 1))
    verdict.count("out of order", not in_order, f"{name}: numbers {seqs}")


def _judge_insight(verdict: Verdict, name: str, last: int, pictures: Pictures) -> None:
    insight = pictures.insight
    whole = (
        insight is not None
        and (insight["completeness"], insight["last_seq"]) == ("complete", last)
        and all(insight["agents"][agent]["based_on_seq"] == last for agent in AI_AGENTS)
    )
    shown = insight and {key: insight[key] for key in ("completeness", "last_seq", "agents")}
    verdict.count("insights without all analyses", not whole, f"{name}: {shown} for {last} messages")


def _judge_windows(verdict: Verdict, name: str, messages: int, pictures: Pictures) -> None:
    windows = pictures.timeline["windows"] if pictures.timeline is not None else []
    counted = sum(window["message_count"] for window in windows)
    analysed = [sum(window["analyses"].get(agent, 0) for window in windows) for agent in AI_AGENTS]
    right = counted == messages and analysed == [messages] * len(AI_AGENTS)
    verdict.count("windows miscounted", not right, f"{name}: {counted} messages, {analysed} analyses of {messages}")


def _judge_told(verdict: Verdict, name: str, final: Json | None, evidence: Evidence) -> None:
    updates, heard = evidence.updates.get(name, ()), evidence.heard.get(name, ())
    verdict.count("final revision missing in the topic", not _ends_with(updates, final), _ending(name, updates, final))
    if name in evidence.heard:
        verdict.count("final revision missing on a socket", not _ends_with(heard, final), _ending(name, heard, final))
    doubtful = _told_twice([*(("topic", each) for each in updates), *(("socket", each) for each in heard)])
    verdict.count("revisions with two pictures", len(doubtful), f"{name}: {'; '.join(doubtful.values())}")


def _ends_with(told: Iterable[Json], final: Json | None) -> bool:
    *_, last = (None, *told)
    return final is not None and last == final


def _ending(name: str, told: Iterable[Json], final: Json | None) -> str:
    revisions = [insight["revision"] for insight in told]
    return f"{name}: ends with {revisions[-3:]}, final is {final and final['revision']}"


def _told_twice(told: Iterable[tuple[str, Json]]) -> dict[int, str]:
    """Return the revisions that name more than one picture, each with how two of them differ."""
    first: dict[int, tuple[str, Json]] = {}
    doubtful = {}
    for place, insight in told:
        earlier_place, earlier = first.setdefault(insight["revision"], (place, insight))
        if insight != earlier:
            parts = [f"{part}: {earlier[part]} / {insight[part]}" for part in insight if insight[part] != earlier[part]]
            doubtful[insight["revision"]] = f"revision {insight['revision']}, {earlier_place} / {place}, {parts}"
    return doubtful
