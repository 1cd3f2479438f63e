"""A worker whose idle members leave their groups, as Faust's do, only sooner: ``faust -A tests.kafka.short_poll``."""

from __future__ import annotations

from signalstream.streaming import application

application.MAX_POLL_INTERVAL_SECONDS = 8.0

from signalstream.app import app  # noqa: E402, F401 - Faust finds it here, built after the line above
