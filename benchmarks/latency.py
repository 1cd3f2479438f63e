"""Latency: requests at a steady rate while the pipeline works on them, by a load generator of its own process."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.child import run_child
from benchmarks.figures import percentile, settled
from benchmarks.journal import Samples
from benchmarks.load import LoadSpec
from benchmarks.pipelines import Pipeline
from benchmarks.processes import cpu_seconds

START_AND_SETTLE_SECONDS = 60.0


@dataclass(frozen=True)
class Latency:
    """Milliseconds from the time that a request was due; the first 20 % of the requests are left out.

    ``cpu_share`` is the workers' CPU time over wall time, generator's start and settling included.
    """

    accepted_p50: float
    accepted_p99: float
    covered_p50: float
    covered_p99: float
    late_p50: float
    late_p99: float
    missing: int
    failures: tuple[str, ...]
    cpu_share: float


def run_latency(brokers: str, pipeline: Pipeline, directory: Path, rate: float, seconds: float) -> Latency:
    """Run the generator against the pipeline. Raises RuntimeError when it breaks off or outlasts its time."""
    spec = LoadSpec(
        url=pipeline.url,
        brokers=brokers,
        raw_topic=pipeline.raw_topic,
        output_topic=pipeline.output_topic,
        name="steady",
        rate=rate,
        requests=int(rate * seconds),
        conversations=max(1, int(rate)),  # so that a conversation's turns are a second apart
    )
    before, started = cpu_seconds(pipeline.pids), time.monotonic()
    samples = run_child("benchmarks.load", spec, Samples, directory, seconds + START_AND_SETTLE_SECONDS)
    share = (cpu_seconds(pipeline.pids) - before) / (time.monotonic() - started)
    return summary(samples, share)


def summary(samples: Samples, cpu_share: float) -> Latency:
    """Return the percentiles. Raises RuntimeError when nothing came out to measure."""
    accepted = [value for value in settled(samples.accepted_ms) if value is not None]
    covered = [value for value in settled(samples.covered_ms) if value is not None]
    if not accepted or not covered:
        raise RuntimeError(f"no request came through; the first failures: {samples.failures[:3]}")
    late = settled(samples.late_ms)
    return Latency(
        accepted_p50=percentile(accepted, 0.50),
        accepted_p99=percentile(accepted, 0.99),
        covered_p50=percentile(covered, 0.50),
        covered_p99=percentile(covered, 0.99),
        late_p50=percentile(late, 0.50),
        late_p99=percentile(late, 0.99),
        missing=sum(value is None for value in samples.covered_ms),
        failures=samples.failures,
        cpu_share=cpu_share,
    )
