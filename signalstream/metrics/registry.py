"""Every metric: its name, its kind, its labels, what it means and what to do about it. docs/METRICS.md shows it all.

A name that is not here does not pass mypy. Labels have few values, all of them from code or from settings: never a
conversation, and a tenant only when ``SIGNALSTREAM_METRICS_TENANTS`` names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

PREFIX = "signalstream_"
OTHER_TENANTS = "other"
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

Kind = Literal["counter", "gauge", "histogram"]
CounterName = Literal[
    "messages_accepted",
    "requests",
    "requests_refused",
    "websocket_updates_dropped",
    "analyses",
    "insights_emitted",
    "windows_closed",
    "dead_letters",
    "records_acknowledged",
    "commits",
    "rebalances",
    "recoveries",
    "remote_calls",
    "remote_attempts",
    "remote_tokens",
    "remote_money",
    "remote_questions",
    "remote_gathered_turns",
]
GaugeName = Literal[
    "info",
    "app_ready",
    "partitions",
    "in_flight",
    "consumer_lag",
    "recovery_records_left",
    "table_rows",
    "disk_free_bytes",
    "websockets_open",
    "remote_in_flight",
    "remote_breaker",
    "remote_budget_left",
    "remote_budget_per_minute",
    "remote_calls_waiting",
    "remote_turns_waiting",
    "remote_spent_today",
    "remote_tenants_spent",
]
HistogramName = Literal[
    "request_seconds", "analysis_seconds", "complete_seconds", "remote_answer_seconds", "remote_waiting_seconds"
]
MetricName = CounterName | GaugeName | HistogramName


@dataclass(frozen=True)
class Metric:
    """A row of the table. ``bounds`` are a histogram's, in seconds."""

    kind: Kind
    labels: tuple[str, ...]
    meaning: str
    remedy: str
    bounds: tuple[float, ...] = ()


def _counter(labels: str, meaning: str, remedy: str) -> Metric:
    return Metric("counter", tuple(labels.split()), meaning, remedy)


def _gauge(labels: str, meaning: str, remedy: str) -> Metric:
    return Metric("gauge", tuple(labels.split()), meaning, remedy)


def _histogram(labels: str, bounds: tuple[float, ...], meaning: str, remedy: str) -> Metric:
    return Metric("histogram", tuple(labels.split()), meaning, remedy, bounds)


METRICS: Mapping[MetricName, Metric] = MappingProxyType(
    {
        "messages_accepted": _counter(
            "tenant",
            "Messages that were answered 202: the broker has them. Tenants are summed as other unless they are named.",
            "Falls to nothing while clients send: look at requests_refused.",
        ),
        "requests": _counter(
            "operation status",
            "HTTP requests by operation and status; a WebSocket counts when it ends, as 101.",
            "A share of 5xx: look at requests_refused for the reason, and at the log by request id.",
        ),
        "requests_refused": _counter(
            "operation reason",
            "Requests that were answered with a problem, by the last word of its type.",
            "broker-unavailable: the broker. owner-unavailable: a rebalance or recovery. validation, broken-json: a "
            "client. credential-refused: a wrong key. internal-server-error: a fault, see the log.",
        ),
        "request_seconds": _histogram(
            "operation",
            QUICK,
            "How long HTTP requests took; postMessage is the way to the broker and back.",
            "postMessage slow and request CPU low: the broker. All slow: the event loop is full, start more workers.",
        ),
        "websockets_open": _gauge("", "Open WebSockets.", "Far from the others' count: look at the load balancer."),
        "websocket_updates_dropped": _counter(
            "",
            "Updates that a slow reader did not get because newer ones were there. The newest is never dropped.",
            "Steadily rising: a reader is too slow, or its network is.",
        ),
        "analyses": _counter(
            "agent status engine",
            "Analyses by agent, by how they ended, and by who answered.",
            "degraded: the remote model did not answer, see remote_calls; then signalstream reanalyze. failed: the "
            "analysis says why.",
        ),
        "analysis_seconds": _histogram(
            "agent", SLOW, "From turn to analysis.", "Rises with in_flight at its limit: the analyst is the bottleneck."
        ),
        "insights_emitted": _counter(
            "completeness",
            "Insights that were sent to support.ai.aggregated, repeats after a restart included.",
            "Stands still while messages_accepted rises: look at consumer_lag.",
        ),
        "complete_seconds": _histogram(
            "",
            SLOW,
            "From a message's arrival at the broker until every agent had answered for it; each message once.",
            "Rises: look at which group's consumer_lag does, and start more workers of that role.",
        ),
        "windows_closed": _counter(
            "by",
            "Windows that were closed, by event time or by their deadline.",
            "Nothing closed by deadline for long: look at the log of the window sweep.",
        ),
        "dead_letters": _counter(
            "stage reason",
            "Records that became dead letters.",
            "signalstream dlq list, mend the cause, signalstream dlq redrive.",
        ),
        "in_flight": _gauge(
            "stage",
            "Records in work, or waiting for one of their key or for their tenant's turn.",
            "At the limit (SIGNALSTREAM_RECORDS_IN_FLIGHT, SIGNALSTREAM_ANALYSES_READ_AHEAD) for long: more workers.",
        ),
        "consumer_lag": _gauge(
            "group topic",
            "Records behind the last commit in this worker's partitions, summed over them.",
            "Rises for minutes: more workers of that role; with one topic alone, look at its agent's log.",
        ),
        "partitions": _gauge(
            "group", "Partitions that this worker has.", "0 for long: more workers than partitions, or not ready."
        ),
        "app_ready": _gauge(
            "group",
            "1 when the app has joined its group, recovered its tables and is not rebalancing, else 0.",
            "0 for longer than a recovery takes: look at /health and at the log.",
        ),
        "records_acknowledged": _counter(
            "group",
            "Records that were done and acknowledged.",
            "Stands still with consumer_lag above 0: see /live.",
        ),
        "commits": _counter("group", "Commits of offsets.", "Stands still under load: look at the broker and the log."),
        "rebalances": _counter(
            "group", "Rebalances that this worker took part in.", "Many: workers that start and end, or long pauses."
        ),
        "recoveries": _counter(
            "group",
            "How often tables and streams were in place after a rebalance.",
            "Fewer than rebalances for long: a recovery does not come to its end.",
        ),
        "recovery_records_left": _gauge(
            "group", "Changelog records that have yet to be read.", "Stands still above 0: look at the log."
        ),
        "table_rows": _gauge(
            "table",
            "Rows of the tables' partitions on this worker, as RocksDB estimates.",
            "Plan disks by it.",
        ),
        "disk_free_bytes": _gauge(
            "", "Free space of the data directory.", "Low: free some space before it is full, which ends the worker."
        ),
        "info": _gauge("version roles", "1; the labels say what runs here.", "Compare workers after an upgrade."),
        "remote_calls": _counter(
            "outcome",
            "Questions to the remote model, by how they ended (docs/REMOTE.md).",
            "no_budget: raise the budget if the quota allows it. suspended, unavailable: the model is away. rejected: "
            "key or model name. spent: the day's money.",
        ),
        "remote_attempts": _counter(
            "outcome", "Attempts at them.", "rate_limited: lower SIGNALSTREAM_REMOTE_REQUESTS_PER_MINUTE."
        ),
        "remote_answer_seconds": _histogram(
            "", SLOW, "From sent to answered, of usable answers.", "Slow: the model; analyses wait or are degraded."
        ),
        "remote_waiting_seconds": _histogram(
            "", SLOW, "From called to first sent.", "Slow: the budget or the in-flight limit is the bottleneck."
        ),
        "remote_tokens": _counter("direction", "Tokens, prompt and output.", "Watch what a release changes."),
        "remote_money": _counter(
            "", "Money by the prices in the settings.", "SIGNALSTREAM_REMOTE_SPEND_PER_TENANT_AND_DAY is the brake."
        ),
        "remote_questions": _counter(
            "", "Questions that were formed.", "Turns for each: remote_gathered_turns over this."
        ),
        "remote_gathered_turns": _counter("", "Turns in them.", "One for each question: there is budget to spare."),
        "remote_in_flight": _gauge("", "Attempts under way.", "At SIGNALSTREAM_REMOTE_IN_FLIGHT: the limit binds."),
        "remote_breaker": _gauge(
            "state", "1 for the breaker's present state, 0 for the others.", "open: the model does not answer."
        ),
        "remote_budget_left": _gauge("", "Requests that the last minute has room for.", "0 for long: turns gather."),
        "remote_budget_per_minute": _gauge(
            "", "What this worker may send in a minute.", "Below its share: the server refused for want of quota."
        ),
        "remote_calls_waiting": _gauge("", "Calls that wait for their turn.", "Rises: the budget is too small."),
        "remote_turns_waiting": _gauge("", "Turns that wait to be asked about.", "Rises: the same."),
        "remote_spent_today": _gauge("", "Money of the day (UTC) so far.", "Compare with the provider's bill."),
        "remote_tenants_spent": _gauge("", "Tenants whose money of the day is spent.", "Raise the limit, or wait."),
    }
)


def full_name(name: MetricName) -> str:
    """Return the name as Prometheus has it: a counter's ends in ``_total``."""
    return f"{PREFIX}{name}_total" if METRICS[name].kind == "counter" else PREFIX + name
