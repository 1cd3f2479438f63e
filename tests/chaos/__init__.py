"""Faults while messages keep coming, on Apache Kafka with real worker processes."""
