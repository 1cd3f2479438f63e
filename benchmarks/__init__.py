"""Measurements of the running system on Apache Kafka: ``python -m benchmarks``. What they mean: docs/PERFORMANCE.md."""
