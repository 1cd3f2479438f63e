"""Counts kept by prometheus-client, in a registry of this worker's own, and written as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from types import MappingProxyType
from typing import TypeVar

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from signalstream.core.latency import BOUNDS, Latency
from signalstream.metrics.metrics import Add, Observe, Readings
from signalstream.metrics.registry import METRICS, PREFIX, CounterName, GaugeName, HistogramName, MetricName

log = structlog.get_logger()
T = TypeVar("T")
NOTHING: Readings = MappingProxyType({})
EVERY_BOUND = 4  # of Latency's, which lie a quarter apart: what is shown is then 2.4 times the one before


class PrometheusMetrics:
    """See Metrics. The process' own CPU, memory and files are shown too, where the system tells them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counters: dict[CounterName, Counter] = {}
        self._histograms: dict[HistogramName, Histogram] = {}
        self._sources = _Sources()
        self._registry.register(self._sources)
        ProcessCollector(registry=self._registry)

    def counter(self, name: CounterName, *labels: str) -> Add:
        """See Metrics."""
        family = self._counters.get(name)
        if family is None:
            row = METRICS[name]
            family = self._counters[name] = Counter(PREFIX + name, row.meaning, row.labels, registry=self._registry)
        return (family.labels(*labels) if labels else family).inc

    def histogram(self, name: HistogramName, *labels: str) -> Observe:
        """See Metrics."""
        family = self._histograms.get(name)
        if family is None:
            row, registry = METRICS[name], self._registry
            family = Histogram(PREFIX + name, row.meaning, row.labels, registry=registry, buckets=row.bounds)
            self._histograms[name] = family
        return (family.labels(*labels) if labels else family).observe

    def read(self, name: CounterName | GaugeName, source: Callable[[], Readings]) -> None:
        """See Metrics."""
        self._sources.readings.setdefault(name, []).append(source)

    def read_latency(self, name: HistogramName, source: Callable[[], Latency]) -> None:
        """See Metrics."""
        self._sources.latencies[name] = source

    def text(self) -> bytes:
        """See Metrics."""
        return generate_latest(_WithoutBirthdays(self._registry))


class _Sources(Collector):
    """Asks every source at each look. One that fails is left out and logged: the others are still wanted."""

    def __init__(self) -> None:
        self.readings: dict[CounterName | GaugeName, list[Callable[[], Readings]]] = {}
        self.latencies: dict[HistogramName, Callable[[], Latency]] = {}

    def describe(self) -> Iterable[Family]:
        """Return nothing: else the sources would be asked while they are being put together."""
        return ()

    def collect(self) -> Iterator[Family]:
        """Yield every family."""
        for name, sources in self.readings.items():
            row = METRICS[name]
            family: CounterMetricFamily | GaugeMetricFamily
            if row.kind == "counter":
                family = CounterMetricFamily(PREFIX + name, row.meaning, labels=row.labels)
            else:
                family = GaugeMetricFamily(PREFIX + name, row.meaning, labels=row.labels)
            for source in sources:
                for labels, value in _asked(name, source, NOTHING).items():
                    family.add_metric(labels, value)
            yield family
        for of, latency in self.latencies.items():
            shown = HistogramMetricFamily(PREFIX + of, METRICS[of].meaning)
            counted = _asked(of, latency, Latency())
            shown.add_metric((), list(_buckets(counted)), counted.sum)
            yield shown


def _asked(name: MetricName, source: Callable[[], T], otherwise: T) -> T:
    try:
        return source()
    except Exception as error:  # noqa: BLE001 - whatever a part says, the other metrics are shown
        log.warning("metrics.source_failed", metric=name, error=type(error).__name__, detail=str(error))
        return otherwise


def _buckets(latency: Latency) -> Iterator[tuple[str, float]]:
    reached = list(accumulate(latency.counts))
    for index in range(EVERY_BOUND - 1, len(BOUNDS), EVERY_BOUND):
        yield f"{BOUNDS[index]:.6g}", reached[index]
    yield "+Inf", reached[-1]


class _WithoutBirthdays(Collector):
    """A registry without the time at which each series began: one more line for each, which nobody looks at."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Family]:
        """Yield every family."""
        for family in self._registry.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family
