"""The worker's front door: ``faust -A signalstream worker`` finds ``app`` here. Nobody imports this module."""

from __future__ import annotations

import sys

from signalstream.bootstrap import build
from signalstream.errors import ConfigurationError
from signalstream.settings import load_settings
from signalstream.streaming.event_loop import use_fast_event_loop

use_fast_event_loop()
try:
    app = build(load_settings())
except ConfigurationError as error:
    print(f"signalstream: {error}", file=sys.stderr)  # noqa: T201 - before logging is set up; one line for a person
    raise SystemExit(2) from None
