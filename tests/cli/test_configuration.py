from __future__ import annotations

import json
from pathlib import Path

import pytest

from signalstream.cli.configuration import effective, example, sources
from signalstream.cli.main import run
from signalstream.settings import Settings, environment_name, fields, load_settings


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(environment_name(field), raising=False)
    return tmp_path


def test_every_setting_is_listed_with_its_description() -> None:
    listed = effective(load_settings())
    assert [setting.name for setting in listed] == [environment_name(field) for field in fields()]
    assert sorted(fields()) == sorted(Settings.model_fields)
    assert all(setting.description for setting in listed)


def test_a_setting_tells_where_it_comes_from_and_the_environment_wins(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_folder / ".env").write_text("SIGNALSTREAM_PORT=8011\nSIGNALSTREAM_HOST=0.0.0.0\n")
    monkeypatch.setenv("SIGNALSTREAM_PORT", "8012")
    told = {setting.name: (setting.value, setting.source) for setting in effective(load_settings())}
    assert told["SIGNALSTREAM_PORT"] == ("8012", "env")
    assert told["SIGNALSTREAM_HOST"] == ("0.0.0.0", ".env")
    assert told["SIGNALSTREAM_ANALYST"] == ("auto", "default")


def test_the_key_of_an_analyst_is_named_but_never_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "very-secret-value")
    assert run(["config"]) == 0
    assert run(["config", "--json"]) == 0
    shown = capsys.readouterr().out
    assert "GEMINI_API_KEY" in shown
    assert "very-secret-value" not in shown
    assert sources()["GEMINI_API_KEY"] == "env"


def test_json_holds_name_value_source_and_description(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)[0]
    assert first == {
        "name": "SIGNALSTREAM_KAFKA_BROKERS",
        "value": "127.0.0.1:9092",
        "source": "default",
        "description": Settings.model_fields["kafka_brokers"].description,
    }


def test_a_wrong_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIGNALSTREAM_PORT", "eighty")
    assert run(["config"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "SIGNALSTREAM_PORT" in error


def test_the_example_file_is_what_config_example_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "--example"]) == 0
    printed = capsys.readouterr().out
    kept = (Path(__file__).parents[2] / ".env.example").read_text()
    assert kept == printed, "the settings have changed: signalstream config --example > .env.example"


def test_the_example_file_names_every_setting_with_its_default() -> None:
    lines = example().splitlines()
    documented = dict(line.removeprefix("# ").split("=", 1) for line in lines if "=" in line and " " not in line[2:])
    assert documented == {setting.name: setting.value for setting in effective(load_settings())}
