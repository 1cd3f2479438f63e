"""Where counts go: an interface that parts are given, and one behind which nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from signalstream.core.latency import Latency
from signalstream.metrics.registry import CounterName, GaugeName, HistogramName

Observe = Callable[[float], None]
Readings = Mapping[tuple[str, ...], float]
"""A value for each combination of labels, in the order of the table; a metric without labels has the key ()."""


class Add(Protocol):
    """Counts up."""

    def __call__(self, amount: float = 1) -> None:
        """Count ``amount`` more."""
        ...


class Metrics(Protocol):
    """What parts count by. Bind once, when a part is built: what is returned is as cheap as an addition.

    ``read`` asks for values when somebody looks, so that what is known anyway costs nothing until then. Several sources
    of one metric are shown together. Label values are given in the order of the table.
    """

    def counter(self, name: CounterName, *labels: str) -> Add:
        """Return what counts up one series."""
        ...

    def histogram(self, name: HistogramName, *labels: str) -> Observe:
        """Return what takes in durations of one series, in seconds."""
        ...

    def read(self, name: CounterName | GaugeName, source: Callable[[], Readings]) -> None:
        """Show what ``source`` returns at each look. A counter's source must never fall."""
        ...

    def read_latency(self, name: HistogramName, source: Callable[[], Latency]) -> None:
        """Show durations that are counted already, at each look."""
        ...

    def text(self) -> bytes:
        """Return everything in Prometheus' text format 0.0.4."""
        ...


class QuietMetrics:
    """Keeps nothing: for SIGNALSTREAM_METRICS=off, and for parts that are used by themselves."""

    def counter(self, name: CounterName, *labels: str) -> Add:  # noqa: ARG002 - see Metrics
        """See Metrics."""
        return _ignore

    def histogram(self, name: HistogramName, *labels: str) -> Observe:  # noqa: ARG002 - see Metrics
        """See Metrics."""
        return _ignore

    def read(self, name: CounterName | GaugeName, source: Callable[[], Readings]) -> None:
        """See Metrics."""

    def read_latency(self, name: HistogramName, source: Callable[[], Latency]) -> None:
        """See Metrics."""

    def text(self) -> bytes:
        """Return nothing."""
        return b""


QUIET = QuietMetrics()


class EachCounter(dict[tuple[str, ...], Add]):
    """The series of a counter whose labels are known only when something happens, each bound once."""

    def __init__(self, metrics: Metrics, name: CounterName, *first: str) -> None:
        super().__init__()
        self._metrics, self._name, self._first = metrics, name, first

    def __missing__(self, labels: tuple[str, ...]) -> Add:
        add = self[labels] = self._metrics.counter(self._name, *self._first, *labels)
        return add


def _ignore(amount: float = 1) -> None:
    del amount
