from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from signalstream.cli.demo import Played
from signalstream.cli.samples import load_samples
from signalstream.cli.screen import Screen, live_table, result, shortened
from signalstream.cli.tables import printable
from signalstream.models.intelligence import Insight
from tests.cli.fake_api import FakeApi


def insight(conversation: str) -> Insight:
    fake = FakeApi(posted={conversation: ["one", "two"]})
    return Insight.model_validate(fake.insight(conversation, "complete"))


def half_played() -> Played:
    played = Played(load_samples()[0], accepted=2, latencies=[0.25])
    played.see(insight(played.sample.conversation_id))
    return played


def shown(renderable: object, columns: int = 200) -> str:
    console = Console(width=columns)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def test_the_live_table_shows_what_is_analysed_on_its_way_and_to_come() -> None:
    line = shown(live_table([half_played()])).splitlines()[1]
    assert line.split() == ["double-charge", "●◐○○○", "negative", "angry", "High", "Refund", "Request", "email"]


@pytest.mark.parametrize("columns", [80, 200])
def test_the_result_shows_the_redacted_message_and_the_latency_on_any_terminal(columns: int) -> None:
    said = shown(result([half_played()], columns), columns)
    assert "redacted 2" in said
    assert " 250" in said
    assert all(len(line) <= columns for line in said.splitlines())


@pytest.mark.parametrize("columns", [80, 200])
def test_no_name_is_broken_into_two_lines(columns: int) -> None:
    conversations = [Played(sample) for sample in load_samples()]
    said = shown(result(conversations, columns), columns)
    assert all(played.sample.conversation_id in said for played in conversations)


def test_a_conversation_of_which_nothing_is_known_has_empty_cells_and_no_latency() -> None:
    line = shown(result([Played(load_samples()[0])], 200)).splitlines()[1]
    assert line.split() == ["double-charge", "-"]


def test_markup_and_control_characters_of_a_message_are_shown_as_text() -> None:
    played = half_played()
    played.last_message = "[red]hello[/red] \x1b[2J\x07bye"
    line = shown(result([played], 200))
    assert "[red]hello[/red]" in line
    assert "\x1b" not in line
    assert "\x07" not in line


@given(st.text(max_size=200), st.integers(min_value=2, max_value=60))
def test_a_shortened_text_is_one_line_within_its_cells(text: str, cells: int) -> None:
    short = shortened(text, cells)
    assert cell_len(short) <= cells
    assert "\n" not in short
    line = printable(" ".join(text.split()))
    assert short == line or cell_len(line) > cells


def test_a_step_is_never_broken_so_that_its_command_can_be_pasted() -> None:
    said = io.StringIO()
    Screen(Console(file=said, width=40)).step("curl " + "x" * 100)
    assert said.getvalue() == "curl " + "x" * 100 + "\n"


def test_a_pipe_hears_of_waiting_every_few_seconds_only() -> None:
    said = io.StringIO()
    screen = Screen(Console(file=said))
    for tenth in range(120):
        screen.waiting("the tables", tenth / 10)
    screen.done_waiting()
    assert said.getvalue().splitlines() == ["waiting for the tables (5 s)", "waiting for the tables (10 s)"]


def test_a_terminal_gets_a_live_table_that_goes_away_and_no_lines_for_messages() -> None:
    said = io.StringIO()
    screen = Screen(Console(file=said, force_terminal=True, width=120))
    played = half_played()
    with screen.playing([played]):
        screen.accepted(played)
        screen.analysed(played)
    assert "double-charge" in said.getvalue()
    assert "accepted  double-charge" not in said.getvalue()
