from __future__ import annotations

import base64
from pathlib import Path

import pytest

from signalstream.errors import ConfigurationError, SealedError
from signalstream.security.master_keys import MasterKeys, master_key_source, new_master_key
from signalstream.security_settings import SecuritySettings
from tests.security.vaults import BOTH, FIRST, FIRST_TEXT, NOW, SECOND, SECOND_TEXT

TENANT_KEY = bytes(32)


def of(**fields: object) -> MasterKeys:
    return master_key_source(SecuritySettings(**fields))()  # type: ignore[arg-type]


def refused(**fields: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        of(**fields)
    return str(caught.value)


def test_a_new_master_key_is_32_bytes_that_never_come_twice():
    made = {new_master_key() for _ in range(100)}

    assert len(made) == 100
    assert {len(base64.b64decode(each)) for each in made} == {32}
    assert of(master_keys=",".join(made)).ids


def test_the_first_key_wraps_and_all_of_them_unwrap():
    old = FIRST.wrap("acme", "0" * 16, 1, TENANT_KEY, NOW)
    new = BOTH.wrap("acme", "0" * 16, 1, TENANT_KEY, NOW)

    assert (old.master_id, new.master_id) == (FIRST.newest, SECOND.newest)
    assert BOTH.unwrap(old) == BOTH.unwrap(new) == SECOND.unwrap(new) == TENANT_KEY
    assert (SECOND.unwrap(old), FIRST.unwrap(new)) == (None, None)


@pytest.mark.parametrize(
    "change", [{"tenant_id": "evil"}, {"key_id": "1" * 16}, {"version": 2}, {"wrapped": bytes(60)}]
)
def test_a_wrapped_key_that_is_anothers_or_was_changed_does_not_unwrap(change):
    record = FIRST.wrap("acme", "0" * 16, 1, TENANT_KEY, NOW)

    with pytest.raises(SealedError, match="has been changed"):
        FIRST.unwrap(record.model_copy(update=change))


def test_keys_come_from_the_setting_or_from_a_file_with_remarks(tmp_path: Path):
    path = tmp_path / "master.key"
    path.write_text(f"# of March\n{SECOND_TEXT}\n\n  # of January\n{FIRST_TEXT}\n{FIRST_TEXT}\n")

    assert of(master_key_file=path) == of(master_keys=f"{SECOND_TEXT}, {FIRST_TEXT}") == BOTH


def test_a_file_is_read_anew_each_time(tmp_path: Path):
    path = tmp_path / "master.key"
    path.write_text(FIRST_TEXT)
    load = master_key_source(SecuritySettings(master_key_file=path))
    assert load() == FIRST

    path.write_text(f"{SECOND_TEXT}\n{FIRST_TEXT}")

    assert load() == BOTH


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "has no key"),
        ("# only a remark", "has no key"),
        (f"{FIRST_TEXT}\nshort", "number 2"),
        ("!" * 44, "number 1"),
    ],
)
def test_what_is_no_master_key_is_refused_without_quoting_it(tmp_path, content, words):
    path = tmp_path / "master.key"
    path.write_text(content)

    said = refused(master_key_file=path)
    assert words in said
    assert "signalstream vault new-master-key" in said
    assert all(word not in said for word in ("short", "!!!"))


def test_without_a_key_or_with_two_places_for_it_the_error_says_what_to_do(tmp_path):
    assert "signalstream vault new-master-key" in refused()
    assert "SIGNALSTREAM_ENCRYPTION=off" in refused()
    assert "keep one" in refused(master_keys=FIRST_TEXT, master_key_file=tmp_path / "a")
    assert "cannot be read (FileNotFoundError)" in refused(master_key_file=tmp_path / "a")


def test_ids_tell_keys_apart_and_nothing_of_them():
    assert len(set(BOTH.ids)) == 2
    assert all(FIRST.keys[0].hex()[:16] != each for each in BOTH.ids)
    assert FIRST_TEXT not in repr(FIRST)
