from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from signalstream.cli.policies import assignments, changed, require_possible, require_readable
from signalstream.errors import ConfigurationError
from signalstream.models.policy import TenantPolicy
from signalstream.policies import OWN_FIELDS, PolicyRows, deployment_policy
from signalstream.settings import Settings
from tests.cli.command import assert_one_line, signalstream

ACME = TenantPolicy(tenant_id="acme", originals="redacted_and_sealed_original")


def test_decisions_are_read_as_they_are_typed_and_the_others_stay():
    after = changed(ACME, assignments(["detector_failure=pass"]))

    assert (after.originals, after.detector_failure) == ("redacted_and_sealed_original", "pass")


def test_a_field_that_is_reset_is_left_to_the_deployment():
    assert changed(ACME, {"originals": None}) == TenantPolicy(tenant_id="acme")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["originals"], "no field=value"),
        (["orginals=redacted_only"], "no field 'orginals'; it has originals, detector_failure"),
        (["tenant_id=globex"], "no field 'tenant_id'"),
        (["originals=redacted_only", "originals=redacted_only"], "twice"),
    ],
)
def test_words_that_decide_nothing_are_refused_with_what_to_write(words, said):
    with pytest.raises(ConfigurationError, match=said):
        assignments(words)


def test_a_value_that_a_field_cannot_have_is_named_with_those_that_it_can():
    with pytest.raises(ConfigurationError, match=r"originals=everything: .*'redacted_only'.*Nothing was changed"):
        changed(ACME, {"originals": "everything"})


def test_originals_are_kept_only_where_values_are_encrypted():
    require_possible(Settings(_env_file=None), ACME)
    clear = Settings(_env_file=None, encryption="off")
    require_possible(clear, changed(ACME, {"originals": None}))
    with pytest.raises(ConfigurationError, match="turn encryption on"):
        require_possible(clear, ACME)
    with pytest.raises(ValidationError, match="originals encrypted only"):
        Settings(_env_file=None, encryption="off", originals="redacted_and_sealed_original")


def test_what_a_later_version_decided_is_never_lost_by_a_change_only_by_leaving_all_open():
    rows = PolicyRows(deployment_policy(Settings(_env_file=None)))
    rows.apply(b"acme", b'{"tenant_id":"acme","of_a_later_version":1}')

    with pytest.raises(ConfigurationError, match="policies reset --tenant acme"):
        require_readable(rows, "acme", {"detector_failure": "block"})
    require_readable(rows, "acme", dict.fromkeys(OWN_FIELDS))
    require_readable(rows, "globex", {"detector_failure": "block"})


@pytest.mark.slow
def test_the_command_ends_in_one_line_for_a_tenant_that_is_none_and_for_a_broker_that_is_none(tmp_path: Path):
    nowhere = {"SIGNALSTREAM_KAFKA_BROKERS": "127.0.0.1:1"}
    wrong = signalstream("policies", "reset", "--tenant", "Acme!", folder=tmp_path, settings=nowhere)
    assert_one_line(wrong, "'Acme!' is no tenant id")

    silent = signalstream("policies", "show", folder=tmp_path, settings=nowhere)
    assert_one_line(silent, "127.0.0.1:1")
