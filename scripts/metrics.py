"""The table of metrics in docs/METRICS.md and the Grafana dashboard, made from the table in the code.

``python -m scripts.metrics`` prints the table; with ``--write`` both are put where they belong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from signalstream.metrics.registry import METRICS, Metric, full_name

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "METRICS.md"
DASHBOARD = ROOT / "deploy" / "grafana" / "signalstream.json"
BEGIN, END = "<!-- metrics: begin -->", "<!-- metrics: end -->"
WIDTH, HEIGHT, ACROSS = 8, 8, 3
SOURCE = {"type": "prometheus", "uid": "${source}"}
UNITS = {"seconds": "s", "bytes": "bytes"}


def metrics_table() -> str:
    """Return every metric as a row of a Markdown table."""
    head = ("metric", "kind", "labels", "means", "look at it when")
    lines = [head, tuple("---" for _ in head)]
    for name, row in METRICS.items():
        labels = ", ".join(f"`{label}`" for label in row.labels)
        lines.append((f"`{full_name(name)}`", row.kind, labels, row.meaning, row.remedy))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def filled(text: str) -> str:
    """Return the document's text with the table between its markers. Raises ValueError without markers."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{DOCUMENT.name} must hold the lines {BEGIN} and {END} once each; put them back")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    return f"{before}{BEGIN}\n{metrics_table()}\n{END}{after}"


def dashboard() -> dict[str, Any]:
    """Return a Grafana dashboard with a panel for each metric, in the order of the table."""
    panels = [_panel(number, full_name(name), row) for number, (name, row) in enumerate(METRICS.items())]
    variable = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": "signalstream",
        "title": "SignalStream",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [variable]},
        "panels": panels,
    }


def _panel(number: int, name: str, row: Metric) -> dict[str, Any]:
    place = {"x": number % ACROSS * WIDTH, "y": number // ACROSS * HEIGHT, "w": WIDTH, "h": HEIGHT}
    unit = UNITS.get(name.rpartition("_")[2], "short")
    targets = [
        {"refId": letter, "expr": expression, "legendFormat": legend, "datasource": SOURCE}
        for letter, (expression, legend) in zip("ABC", _queries(name, row), strict=False)
    ]
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": name.removeprefix("signalstream_").removesuffix("_total").replace("_", " "),
        "description": f"{row.meaning} {row.remedy}",
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit if row.kind != "counter" else "cps"}, "overrides": []},
        "targets": targets,
    }


def _queries(name: str, row: Metric) -> Iterator[tuple[str, str]]:
    legend = " ".join(f"{{{{{label}}}}}" for label in row.labels) or "all"
    by = f" by ({', '.join(row.labels)})" if row.labels else ""
    if row.kind == "histogram":
        within = ", ".join(("le", *row.labels))
        for share in (0.5, 0.95, 0.99):
            buckets = f"sum by ({within}) (rate({name}_bucket[$__rate_interval]))"
            yield f"histogram_quantile({share}, {buckets})", f"p{share * 100:.0f} {legend}"
    elif row.kind == "counter":
        yield f"sum{by} (rate({name}[$__rate_interval]))", legend
    else:
        yield f"sum{by} ({name})", legend


def main() -> int:
    """Print or write; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.metrics", description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew the document's table and the dashboard")
    if parser.parse_args().write:
        DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
        DASHBOARD.write_text(dashboard_text(), encoding="utf-8")
    else:
        sys.stdout.write(f"{metrics_table()}\n")
    return 0


def dashboard_text() -> str:
    """Return the dashboard's file."""
    return json.dumps(dashboard(), indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
