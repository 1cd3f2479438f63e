from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from signalstream.ai.choice import GROUP, choose_analyst
from signalstream.ai.local.analyst import LocalAnalyst
from signalstream.ai.remote.analyst import RemoteAnalyst
from signalstream.errors import ConfigurationError
from signalstream.settings import Settings
from tests.fakes import ScriptedAnalyst


def settings(analyst: str = "auto", **changes: object) -> Settings:
    return Settings(_env_file=None, analyst=analyst, gemini_api_key=None).model_copy(update=changes)


def scripted(given: Settings) -> ScriptedAnalyst:
    return ScriptedAnalyst(None, name=given.app_id)


NOT_A_FACTORY = 17


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package that offers two analysts, as pip would."""
    folder = tmp_path / "someone-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: someone\nVersion: 1.0\n")
    offered = "".join(f"{name} = tests.ai.test_choice:scripted\n" for name in ("someone", "another"))
    (folder / "entry_points.txt").write_text(f"[{GROUP}]\n{offered}")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize("name", ["auto", "local"])
def test_without_a_key_the_local_analyst_is_chosen(name):
    assert isinstance(choose_analyst(settings(name)), LocalAnalyst)


def test_a_function_is_chosen_by_its_path_and_given_the_settings():
    chosen = choose_analyst(settings("tests.ai.test_choice:scripted", app_id="other"))

    assert isinstance(chosen, ScriptedAnalyst)
    assert chosen.name == "other"


@pytest.mark.usefixtures("_installed")
def test_an_installed_analyst_is_chosen_by_its_name():
    assert isinstance(choose_analyst(settings("someone")), ScriptedAnalyst)


@pytest.mark.parametrize("name", ["auto", "gemini"])
async def test_with_a_key_gemini_is_chosen_and_the_key_is_not_shown(name):
    with capture_logs() as logs:
        chosen = choose_analyst(settings(name, gemini_api_key=SecretStr("canary9137")))

    assert isinstance(chosen, RemoteAnalyst)
    assert chosen.name == "gemini"
    assert [line["event"] for line in logs] == ["analyst.remote"]
    assert "canary9137" not in repr(logs)
    assert "canary9137" not in repr(chosen.health())


async def test_a_server_of_openais_protocol_is_chosen_by_name():
    chosen = choose_analyst(settings("openai", openai_base_url="http://127.0.0.1:9/v1", openai_model="m-1"))

    assert (chosen.name, chosen.health()["model"]) == ("openai", "m-1")


@pytest.mark.parametrize(("name", "wanted"), [("gemini", "GEMINI_API_KEY"), ("openai", "SIGNALSTREAM_OPENAI_BASE_URL")])
def test_a_remote_model_without_what_it_needs_is_refused_and_what_is_missing_named(name, wanted):
    with pytest.raises(ConfigurationError, match=wanted):
        choose_analyst(settings(name))


@pytest.mark.usefixtures("_installed")
def test_an_unknown_name_is_refused_with_all_that_are_known():
    with pytest.raises(ConfigurationError, match=r"SIGNALSTREAM_ANALYST: .*'nobody'.*auto, local, .*someone"):
        choose_analyst(settings("nobody"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("no.such.package:factory", "cannot import"),
        ("tests.ai.test_choice:missing", "cannot import"),
        ("tests.ai.test_choice:NOT_A_FACTORY", "no function"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_and_named(path, said):
    with pytest.raises(ConfigurationError, match=f"SIGNALSTREAM_ANALYST: .*{said}") as caught:
        choose_analyst(settings(path))
    assert path in str(caught.value)


def test_no_remote_analysts_library_is_loaded_for_the_local_one():
    before = set(sys.modules)
    choose_analyst(settings("local"))

    assert not any(name.startswith("google.") for name in set(sys.modules) - before)
