"""SignalStream: real-time support intelligence on Faust and Kafka. ``faust -A signalstream worker`` starts it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # `faust -A signalstream` looks for an attribute `app`; building it only then keeps `import signalstream` free
    # of settings and of Faust. The import is by name so that no layer below depends on the front door.
    if name == "app":
        app = import_module("signalstream.app").app
        globals()["app"] = app
        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
