"""What a tenant asks: thresholds, allowed values, and a file that says clearly what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from signalstream.ai.local.pii_policy import Policies, Policy, load_policies
from signalstream.core.redaction import Span
from signalstream.errors import ConfigurationError


def admits(policy: Policy, kind: str, value: str, confidence: float = 0.9) -> bool:
    return policy.admits(Span(0, len(value), kind, "test", confidence), value)


def policies(tmp_path: Path, content: Any) -> Policies:
    path = tmp_path / "policy.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return load_policies(path)


def test_without_a_file_everything_counts() -> None:
    assert admits(load_policies(None).of("acme"), "email", "a@b.co")


def test_a_threshold_is_the_least_confidence_of_its_type() -> None:
    policy = Policy(thresholds={"name": 0.5})
    assert not admits(policy, "name", "Jane", 0.49)
    assert admits(policy, "name", "Jane", 0.5)
    assert admits(policy, "address", "Jane", 0.1)


@pytest.mark.parametrize(
    ("kind", "entry", "stays", "goes"),
    [
        ("email", "@acme.example", "Help@ACME.example", "help@acme.example.net"),
        ("email", "help@acme.example", "HELP@acme.example", "me@acme.example"),
        ("phone", "+12065550100", "+1 (206) 555-0100", "+1 206 555 0101"),
        ("url", "acme.example", "https://shop.acme.example/a?b", "https://notacme.example/"),
        ("url", "acme.example", "www.acme.example", "www.acme.example.net"),
        ("name", "Acme Bank", "acme  bank", "Acme Banks"),
    ],
)
def test_an_allowed_value_stays_however_it_is_written(kind: str, entry: str, stays: str, goes: str) -> None:
    policy = Policy(allow={kind: (entry,)})
    assert not admits(policy, kind, stays)
    assert admits(policy, kind, goes)


def test_what_is_allowed_as_one_type_is_found_as_another() -> None:
    assert admits(Policy(allow={"order_number": ("12345678",)}), "account_number", "12345678")


def test_a_tenant_adds_to_what_everyone_asks(tmp_path: Path) -> None:
    read = policies(
        tmp_path,
        {
            "default": {"thresholds": {"name": 0.4, "address": 0.4}, "allow": {"email": ["@shared.example"]}},
            "tenants": {"acme": {"thresholds": {"name": 0.8}, "allow": {"email": ["@acme.example"]}}},
        },
    )
    acme = read.of("acme")
    assert acme.thresholds == {"name": 0.8, "address": 0.4}
    assert not admits(acme, "email", "a@shared.example")
    assert not admits(acme, "email", "a@acme.example")
    assert admits(read.of("other"), "email", "a@acme.example")
    assert read.of("other").thresholds["name"] == 0.4


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "cannot use .*policy.json"),
        ([], "valid dictionary|Policy|_File"),
        ({"default": {"threshold": {}}}, "default.threshold"),
        ({"default": {"thresholds": {"nmae": 0.5}}}, "default.thresholds: there is no type 'nmae'; known: name, "),
        ({"default": {"thresholds": {"name": 7}}}, "default.thresholds.name: .*less than or equal to 1"),
        ({"tenants": {"Not A Tenant": {}}}, "tenants.Not A Tenant"),
        ({"tenants": {"acme": {"allow": {"email": "@acme.example"}}}}, "tenants.acme.allow.email"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(ConfigurationError, match=f"SIGNALSTREAM_PII_POLICY_FILE: .*(?:{says})"):
        policies(tmp_path, content)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        load_policies(tmp_path / "absent.json")
