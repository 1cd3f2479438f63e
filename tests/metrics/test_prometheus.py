from __future__ import annotations

import gc
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from signalstream.core.latency import Latency
from signalstream.metrics.metrics import QUIET, EachCounter, Metrics
from signalstream.metrics.prometheus import PrometheusMetrics


def shown(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return what a Prometheus server reads, by name and labels."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def of(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return f"signalstream_{name}", frozenset(labels.items())


def test_a_counter_counts_each_series_by_itself() -> None:
    metrics = PrometheusMetrics()
    ok, failed = (
        metrics.counter("analyses", "pii", "ok", "local"),
        metrics.counter("analyses", "pii", "failed", "local"),
    )
    ok()
    ok(2)
    failed()
    seen = shown(metrics)
    assert seen[of("analyses_total", agent="pii", status="ok", engine="local")] == 3
    assert seen[of("analyses_total", agent="pii", status="failed", engine="local")] == 1


def test_two_that_bind_the_same_series_count_together() -> None:
    metrics = PrometheusMetrics()
    metrics.counter("commits", "g")()
    metrics.counter("commits", "g")()
    assert shown(metrics)[of("commits_total", group="g")] == 2


def test_a_series_that_is_bound_is_shown_at_zero_before_anything_happened() -> None:
    metrics = PrometheusMetrics()
    metrics.counter("websocket_updates_dropped")
    assert shown(metrics)[of("websocket_updates_dropped_total")] == 0


def test_a_histogram_says_how_many_took_no_longer_than_each_bound() -> None:
    metrics = PrometheusMetrics()
    observe = metrics.histogram("request_seconds", "postMessage")
    for seconds in (0.0005, 0.004, 7.0):
        observe(seconds)
    seen = shown(metrics)
    labels = {"operation": "postMessage"}
    assert seen[of("request_seconds_bucket", le="0.001", **labels)] == 1
    assert seen[of("request_seconds_bucket", le="0.005", **labels)] == 2
    assert seen[of("request_seconds_bucket", le="+Inf", **labels)] == 3
    assert seen[of("request_seconds_count", **labels)] == 3
    assert seen[of("request_seconds_sum", **labels)] == 7.0045


def test_what_is_known_anyway_is_asked_for_at_each_look_and_several_sources_are_shown_together() -> None:
    metrics, waiting = PrometheusMetrics(), {("core", "raw"): 3.0}
    metrics.read("consumer_lag", lambda: waiting)
    metrics.read("consumer_lag", lambda: {("pii", "turns"): 1})
    assert shown(metrics)[of("consumer_lag", group="core", topic="raw")] == 3
    waiting["core", "raw"] = 5.0
    seen = shown(metrics)
    assert seen[of("consumer_lag", group="core", topic="raw")] == 5
    assert seen[of("consumer_lag", group="pii", topic="turns")] == 1


def test_a_source_that_fails_takes_nothing_else_with_it() -> None:
    metrics = PrometheusMetrics()

    def fails() -> dict[tuple[str, ...], float]:
        raise RuntimeError("gone")

    metrics.read("websockets_open", fails)
    metrics.read("websockets_open", lambda: {(): 4})
    metrics.read("commits", lambda: {("g",): 2})
    seen = shown(metrics)
    assert seen[of("websockets_open")] == 4
    assert seen[of("commits_total", group="g")] == 2


def test_durations_that_are_counted_elsewhere_are_shown_with_their_count_and_sum() -> None:
    metrics, latency = PrometheusMetrics(), Latency()
    metrics.read_latency("remote_answer_seconds", lambda: latency)
    for seconds in (0.0001, 0.3, 4.0, 10_000.0):
        latency.note(seconds)
    seen = shown(metrics)
    assert seen[of("remote_answer_seconds_count")] == 4
    assert seen[of("remote_answer_seconds_sum")] == latency.sum
    bounds = {
        float(dict(labels)["le"]): count
        for (name, labels), count in seen.items()
        if name == "signalstream_remote_answer_seconds_bucket"
    }
    assert max(count for bound, count in bounds.items() if bound < 0.3) == 1
    assert min(count for bound, count in bounds.items() if 4.0 < bound < 300) == 3
    assert bounds[float("inf")] == 4


def test_a_look_shows_the_process_and_no_birthday_of_a_series() -> None:
    metrics = PrometheusMetrics()
    metrics.counter("websocket_updates_dropped")()
    text = metrics.text().decode()
    assert "_created" not in text
    if Path("/proc/self/stat").exists():
        assert "process_resident_memory_bytes" in text
        assert "process_cpu_seconds_total" in text


def test_two_workers_in_one_process_share_nothing() -> None:
    one, other = PrometheusMetrics(), PrometheusMetrics()
    one.counter("commits", "g")()
    assert of("commits_total", group="g") not in shown(other)


def test_labels_that_are_known_only_when_it_happens_are_bound_once() -> None:
    metrics = PrometheusMetrics()
    each = EachCounter(metrics, "analyses", "pii")
    each["ok", "local"]()
    bound = each["ok", "local"]
    each["ok", "local"]()
    assert each["ok", "local"] is bound
    assert shown(metrics)[of("analyses_total", agent="pii", status="ok", engine="local")] == 2


def test_switched_off_it_keeps_nothing() -> None:
    QUIET.counter("commits", "g")(5)
    QUIET.histogram("complete_seconds")(1.0)
    QUIET.read("websockets_open", lambda: {(): 1})
    QUIET.read_latency("remote_answer_seconds", Latency)
    assert QUIET.text() == b""


def test_counting_allocates_nothing_that_stays() -> None:
    metrics = PrometheusMetrics()
    count, observe = metrics.counter("commits", "g"), metrics.histogram("complete_seconds")
    count()
    observe(0.1)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(1_000):
        count()
        observe(0.1)
    assert len(gc.get_objects()) - before < 50
