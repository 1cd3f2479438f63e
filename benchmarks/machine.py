"""What the figures were measured on: the machine, the versions, the date."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.kafka.jars import kafka_jars

PACKAGES = ("faust-streaming", "mode-streaming", "aiokafka", "rocksdict", "aiohttp", "pydantic", "orjson", "uvloop")


def facts() -> dict[str, str]:
    """Return label -> value. Linux only, as the measurement itself."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "Date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Processor": f"{_processor()}, {os.cpu_count()} cores",
        "Memory": f"{memory:.0f} GiB",
        "System": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "Broker": f"Apache Kafka {_kafka_version()}, one node on the same machine",
        "Packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _kafka_version() -> str:
    jars = sorted(kafka_jars().glob("kafka_*.jar"))
    return jars[0].stem.rpartition("-")[2]
