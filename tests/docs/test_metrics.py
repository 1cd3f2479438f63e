"""What docs/METRICS.md, the dashboard and the alert rules say of metrics is what the code counts."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from scripts import metrics
from signalstream.metrics.registry import METRICS, PREFIX, full_name
from signalstream.settings import Settings, environment_name
from tests.docs.documents import REPOSITORY

GUIDE = metrics.DOCUMENT.read_text()
PROMETHEUS = REPOSITORY / "deploy" / "prometheus"
ALERTS = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
SHOWN = {
    series
    for name, row in METRICS.items()
    for series in (
        [f"{full_name(name)}_{end}" for end in ("bucket", "count", "sum")]
        if row.kind == "histogram"
        else [full_name(name)]
    )
}


def series_in(expression: str) -> set[str]:
    return set(re.findall(rf"{PREFIX}\w+", expression))


def test_the_table_and_the_dashboard_are_those_of_the_code() -> None:
    renew = "out of date; run .venv/bin/python -m scripts.metrics --write"
    assert metrics.filled(GUIDE) == GUIDE, renew
    assert metrics.DASHBOARD.read_text() == metrics.dashboard_text(), renew


def test_a_document_without_its_markers_is_refused_and_not_filled() -> None:
    with pytest.raises(ValueError, match="put them back"):
        metrics.filled(GUIDE.replace(metrics.END, ""))


def test_the_dashboard_asks_for_every_metric_and_for_nothing_that_is_not_shown() -> None:
    panels = json.loads(metrics.DASHBOARD.read_text())["panels"]
    asked = [series for panel in panels for target in panel["targets"] for series in series_in(target["expr"])]
    assert set(asked) <= SHOWN
    assert len(panels) == len(METRICS)
    assert all(any(series.startswith(full_name(name)) for series in asked) for name in METRICS)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_asks_for_what_is_shown_and_says_what_to_do(rule: dict[str, object]) -> None:
    expression, notes = str(rule["expr"]), rule["annotations"]
    assert isinstance(notes, dict)
    assert series_in(expression)
    assert series_in(expression) <= SHOWN
    assert expression.count("(") == expression.count(")")
    named = set(re.findall(r"labels\.(\w+)", str(notes["summary"])))
    known = {label for name, row in METRICS.items() if full_name(name) in expression for label in row.labels}
    assert named <= known | {"instance"}
    assert str(notes["action"]).endswith(".")
    told = {name for name in series_in(str(notes["action"])) if name not in SHOWN}
    assert all(any(series.startswith(name) for series in SHOWN) for name in told)


def test_the_scrape_configuration_reads_the_rules_and_sends_a_credential() -> None:
    scrape = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    assert [(PROMETHEUS / name).exists() for name in scrape["rule_files"]] == [True]
    [job] = scrape["scrape_configs"]
    assert job["authorization"]["type"] == "Bearer"
    assert "metrics_path" not in job  # Prometheus' own default is ours


def test_every_setting_that_is_named_exists() -> None:
    named = set(re.findall(r"SIGNALSTREAM_[A-Z_]+[A-Z]", GUIDE))
    assert named <= {environment_name(field) for field in Settings.model_fields}
    assert {environment_name(field) for field in Settings.model_fields if field.startswith("metrics")} <= named
