"""Quix Streams, one application: ``python -m`` this module runs it, in an environment that has ``quixstreams``.

The same hops with its own state (RocksDB and changelogs) on default settings, at least once. All five analyses go to
one topic: joining five topics it would align them by time, which is another job and takes seconds.
"""
# mypy: disable-error-code="import-not-found,unused-ignore"

from __future__ import annotations

from typing import Any

from quixstreams import Application

from benchmarks.yardsticks.job import KINDS, Json, Place, answer_to, merged, place, turn_of


def application(where: Place) -> Any:
    """Return the application with its three steps."""
    app = Application(
        broker_address=where.brokers,
        consumer_group=where.prefix,
        state_dir=str(where.data_dir),
        auto_offset_reset="earliest",
        loglevel="WARNING",
    )
    raw, turns, analyses, aggregated = (
        app.topic(where.topic(name)) for name in ("raw", "turns", "analyses", "aggregated")
    )
    app.dataframe(raw).apply(_conversation, stateful=True).to_topic(turns)
    app.dataframe(turns).apply(_analyses, expand=True).to_topic(analyses)
    outputs = app.dataframe(analyses).apply(_aggregation, stateful=True)
    outputs.filter(lambda output: output is not None).to_topic(aggregated)
    return app


def _conversation(message: Json, state: Any) -> Json:
    turn = turn_of(state.get("row"), message)
    state.set("row", turn)
    return turn


def _analyses(turn: Json) -> list[Json]:
    return [answer_to(kind, turn) for kind in KINDS]


def _aggregation(answer: Json, state: Any) -> Json | None:
    found = merged(state.get("row"), answer)
    if found is None:
        return None
    state.set("row", found[0])
    return found[1]


if __name__ == "__main__":
    application(place()).run()
