"""``make canary``: the leak hunt and its table. Exit code 1 when a value was found where it must not be."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.canary.places import Place
from tests.canary.run import Hunt, hunting
from tests.conftest import new_topic_names
from tests.kafka.broker import KafkaBroker
from tests.kafka.conftest import Deployment

SHOWN = 10  # hits of each place


async def hunted(bootstrap: str, folder: Path) -> tuple[Hunt, list[Place]]:
    """Plant, wait, look, and search."""
    deployment = Deployment(bootstrap, new_topic_names(), folder)
    try:
        async with hunting(deployment) as hunt:
            await hunt.plant()
            await hunt.look()
            deployment.stop()
            return hunt, await hunt.seek()
    finally:
        deployment.stop()


def table(hunt: Hunt, places: list[Place]) -> Table:
    """Return what was searched and found."""
    kinds = ", ".join(f"{count} of {kind}" for kind, count in sorted(hunt.supply.kinds().items()))
    made = Table(title=f"{len(hunt.supply.planted)} values planted: {kinds}")
    for name in ("place", "parts", "bytes", "must not be there", "hits", "others found"):
        made.add_column(name, justify="left" if name in {"place", "must not be there"} else "right")
    for place in places:
        others = len(place.found) - len(place.hits)
        kinds = ", ".join(sorted(place.kinds))
        made.add_row(place.name, f"{place.parts:,}", f"{place.octets:,}", kinds, str(len(place.hits)), str(others))
    return made


def main() -> None:
    """Hunt once, and print the table."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    with tempfile.TemporaryDirectory() as folder, KafkaBroker() as broker:
        hunt, places = asyncio.run(hunted(broker.bootstrap, Path(folder)))
    hits = [(place.name, canary) for place in places for canary in list(place.hits)[:SHOWN]]
    for name, canary in hits:
        console.print(f"{name}: {canary.kind} {canary.text!r}, planted in {canary.place}", markup=False, soft_wrap=True)
    console.print(table(hunt, places))
    sys.exit(1 if hits else 0)


if __name__ == "__main__":
    main()
