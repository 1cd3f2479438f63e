from __future__ import annotations

import re
from pathlib import Path

import pytest

from signalstream.cli.main import app
from signalstream.settings import Settings, environment_name
from tests.docs.documents import REPOSITORY, anchors, documents, links, tracked

PLACEHOLDER = re.compile(r"SIGNALSTREAM_\w*[A-Z]\b")
TARGETS = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
# Spelt so that this file does not hold them itself.
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:" + "|".join(("work", "root", "Users", "home/(?!runner)")) + r")/\w")
REGISTRIES = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "repo1." + "maven", "repo." + "maven")
INDEX_OPTIONS = ("--index" + "-url", "--extra-index" + "-url", "--find" + "-links", "--trusted" + "-host")


def named(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def commands() -> set[str]:
    """Return every command of the command line, a group's with the group's name before it."""
    alone = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    grouped = {
        f"{group.name} {command.name or command.callback.__name__}"
        for group in app.registered_groups
        if group.typer_instance is not None
        for command in group.typer_instance.registered_commands
        if command.callback
    }
    return alone | grouped | {group.name or "" for group in app.registered_groups}


@pytest.mark.parametrize("document", documents(), ids=named)
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = []
    for link in links(document):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_no_document_links_to_a_file_that_a_clone_would_not_have() -> None:
    kept = {*tracked(), *(parent for path in tracked() for parent in path.parents)}
    targets = {
        (document, link, (document.parent / link.partition("#")[0]).resolve())
        for document in documents()
        for link in links(document)
        if not re.match(r"[a-z]+:|#", link)
    }
    assert [f"{named(document)}: {link}" for document, link, target in targets if target not in kept] == []


@pytest.mark.parametrize("document", documents(), ids=named)
def test_every_setting_that_is_named_exists(document: Path) -> None:
    known = {environment_name(field) for field in Settings.model_fields}
    assert set(PLACEHOLDER.findall(document.read_text())) <= known


@pytest.mark.parametrize("document", documents(), ids=named)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(), re.MULTILINE)) <= TARGETS


@pytest.mark.parametrize("document", documents(), ids=named)
def test_every_command_that_is_named_exists(document: Path) -> None:
    said = re.findall(r"(?:`|^|bin/)signalstream ([a-z]+(?: [a-z]+)?)", document.read_text(), re.MULTILINE)
    known = commands()
    assert [words for words in said if words not in known and words.split()[0] not in known] == []


def test_the_commands_are_found_by_their_names() -> None:
    assert {"dev", "config", "worker", "topics create", "dlq redrive"} <= commands()


def test_no_tracked_file_holds_a_path_of_a_machine_or_the_address_of_a_package_index() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        wrong = [*MACHINE_PATHS.findall(text), *(word for word in (*REGISTRIES, *INDEX_OPTIONS) if word in text)]
        found += [f"{named(path)}: {each}" for each in wrong]
    assert found == []


def test_pictures_are_pictures_and_small() -> None:
    pictures = [path for path in tracked() if path.parent == REPOSITORY / "docs" / "pictures"]
    assert pictures
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        assert picture.stat().st_size < 300_000
