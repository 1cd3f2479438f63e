from __future__ import annotations

import pytest

from signalstream.models.policy import TenantPolicy
from signalstream.policies import MOST_COPIES, OWN_FIELDS, PolicyRows, deployment_policy, row_of
from signalstream.settings import Settings

DEFAULTS = TenantPolicy(tenant_id="deployment", originals="redacted_only", detector_failure="block")
ACME = TenantPolicy(tenant_id="acme", originals="redacted_and_sealed_original")


def rows(*own: TenantPolicy) -> PolicyRows:
    known = PolicyRows(DEFAULTS)
    for policy in own:
        known.apply(*row_of(policy))
    return known


def test_a_tenants_decision_stands_before_the_deployments_and_the_rest_is_the_deployments():
    policy = rows(ACME).of("acme")

    assert (policy.tenant_id, policy.originals) == ("acme", "redacted_and_sealed_original")
    assert policy.detector_failure == "block"


def test_a_tenant_without_a_row_has_the_deployments_policy_under_its_own_name():
    assert rows(ACME).of("globex") == DEFAULTS.model_copy(update={"tenant_id": "globex"})


def test_a_tenant_that_was_asked_for_before_it_had_a_row_has_what_its_row_says():
    known = rows()
    assert known.of("acme").originals == "redacted_only"

    known.apply(*row_of(ACME))

    assert known.of("acme").originals == "redacted_and_sealed_original"


def test_names_of_tenants_that_nobody_has_fill_no_memory():
    known = rows()
    for number in range(2 * MOST_COPIES + 1):
        assert known.of(f"tenant-{number}").tenant_id == f"tenant-{number}"
    assert len(known._copies) == 1


def test_a_change_and_a_tombstone_replace_what_was_known():
    known = rows(ACME, TenantPolicy(tenant_id="acme", detector_failure="pass"))
    assert (known.of("acme").originals, known.of("acme").detector_failure) == ("redacted_only", "pass")

    known.apply(b"acme", None)

    assert known.of("acme").detector_failure == "block"
    assert known.own == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"acme", b"not json"),
        (b"acme", b'{"tenant_id":"acme","originals":"everything"}'),
        (b"acme", b'{"tenant_id":"acme","of_a_later_version":1}'),
        (b"acme", b'{"tenant_id":"globex","originals":"redacted_and_sealed_original"}'),
        (b"\xff\xfe", b'{"tenant_id":"acme"}'),
    ],
)
def test_a_row_that_cannot_be_read_changes_its_own_tenants_policy_alone(key, value):
    known = rows(ACME)
    known.apply(key, value)

    assert known.of("globex").originals == "redacted_only"
    assert known.of("acme").originals == ("redacted_and_sealed_original" if key != b"acme" else "redacted_only")


@pytest.mark.parametrize(
    "value", [b"not json", b'{"tenant_id":"acme","of_a_later_version":1}', b'{"tenant_id":"globex"}']
)
def test_a_row_that_cannot_be_read_never_keeps_or_lets_pass_more_than_its_tenant_wanted(value):
    lenient = {"originals": "redacted_and_sealed_original", "detector_failure": "pass", "requests_per_minute": 7}
    known = PolicyRows(DEFAULTS.model_copy(update=lenient))
    known.apply(*row_of(TenantPolicy(tenant_id="acme", originals="redacted_only", detector_failure="block")))

    known.apply(b"acme", value)
    policy = known.of("acme")
    assert (policy.tenant_id, policy.originals, policy.detector_failure) == ("acme", "redacted_only", "block")
    assert policy.requests_per_minute == 7
    assert known.of("globex").detector_failure == "pass"
    assert known.unreadable == {"acme"}

    known.apply(b"acme", None)
    assert (known.of("acme").detector_failure, known.unreadable) == ("pass", set())


def test_a_policy_that_leaves_everything_open_is_a_tombstone():
    assert row_of(TenantPolicy(tenant_id="acme")) == (b"acme", None)


def test_a_setting_with_the_name_of_a_field_is_the_deployments_decision():
    settings = Settings(_env_file=None)
    shared = [name for name in OWN_FIELDS if name in type(settings).model_fields]

    policy = deployment_policy(settings)

    assert {name: getattr(policy, name) for name in shared} == {name: getattr(settings, name) for name in shared}
