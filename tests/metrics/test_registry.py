from __future__ import annotations

from typing import get_args

import pytest

from signalstream.metrics.registry import METRICS, CounterName, GaugeName, HistogramName, MetricName, full_name

NAMES = {"counter": CounterName, "gauge": GaugeName, "histogram": HistogramName}
IDENTIFYING = {"conversation", "conversation_id", "message_id", "request_id", "partition", "key"}


def test_every_name_that_code_may_use_is_in_the_table_under_its_kind_and_no_other() -> None:
    listed = {kind: {name for name, row in METRICS.items() if row.kind == kind} for kind in NAMES}
    assert listed == {kind: set(get_args(names)) for kind, names in NAMES.items()}


@pytest.mark.parametrize("name", METRICS)
def test_each_metric_says_what_it_means_and_what_to_do_and_names_nobody(name: MetricName) -> None:
    row = METRICS[name]
    assert row.meaning.endswith(".")
    assert row.remedy.endswith(".")
    assert len(row.labels) <= 3
    assert not IDENTIFYING & set(row.labels)
    assert (row.kind == "histogram") == bool(row.bounds)
    assert list(row.bounds) == sorted(set(row.bounds))


def test_only_what_is_counted_for_named_tenants_has_them_as_a_label() -> None:
    assert {name for name, row in METRICS.items() if "tenant" in row.labels} == {"messages_accepted"}


def test_names_are_those_of_prometheus() -> None:
    assert full_name("messages_accepted") == "signalstream_messages_accepted_total"
    assert full_name("in_flight") == "signalstream_in_flight"
    assert full_name("request_seconds") == "signalstream_request_seconds"
