"""What the doctor may ask of a deployment. A probe returns facts or raises; the doctor bounds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from signalstream.core.diagnosis import DiskFacts, GroupFacts, LetterFacts, TopicFacts, WorkerFacts


class BrokerFacts(NamedTuple):
    """How long a request took, how many nodes there are, and which Kafka it looks like."""

    seconds: float
    nodes: int
    version: str


class Probes(Protocol):
    """What can be asked of a deployment. Those that ask the broker raise BrokerUnavailableError when it is away."""

    def packages(self) -> Mapping[str, str]:
        """Return the installed versions of what delivery rests on."""
        ...

    def missing_speedups(self) -> tuple[str, ...]:
        """Return the compiled parts of Faust that are not there."""
        ...

    def disk(self) -> DiskFacts:
        """Look at the data directory."""
        ...

    async def worker(self, url: str) -> WorkerFacts:
        """Ask the worker at a URL for its health."""
        ...

    async def broker(self) -> BrokerFacts:
        """Ask the broker who it is."""
        ...

    async def topics(self) -> list[TopicFacts]:
        """Compare topics and changelogs with the table."""
        ...

    async def missing_rights(self) -> str:
        """Name the rights at the brokers that the roles need and this client has not; empty when it has all."""
        ...

    async def groups(self) -> list[GroupFacts]:
        """Look at the consumer group of each role."""
        ...

    async def letters(self) -> LetterFacts:
        """Look at the dead letters."""
        ...

    async def worker_urls(self) -> tuple[str, ...]:
        """Return the URLs that the members of the core group give to each other."""
        ...
