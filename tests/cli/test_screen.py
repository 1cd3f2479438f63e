from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from signalstream.cli.demo import Played
from signalstream.cli.samples import load_samples
from signalstream.cli.screen import Screen, live_table, result_table, shortened
from signalstream.models.intelligence import Insight
from tests.cli.fake_api import FakeApi


def insight(conversation: str) -> Insight:
    fake = FakeApi(posted={conversation: ["one", "two"]})
    return Insight.model_validate(fake.insight(conversation, "complete"))


def half_played() -> Played:
    played = Played(load_samples()[0], accepted=2, latencies=[0.25])
    played.see(insight(played.sample.conversation_id))
    return played


def shown(renderable: object) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def test_the_live_table_shows_what_is_analysed_on_its_way_and_to_come() -> None:
    line = shown(live_table([half_played()])).splitlines()[1]
    assert line.split() == ["double-charge", "●◐○○○", "negative", "angry", "High", "Refund", "Request", "email"]


def test_the_result_shows_the_redacted_message_and_the_latency() -> None:
    line = shown(result_table([half_played()])).splitlines()[1]
    assert "redacted 2" in line
    assert line.split()[-1] == "250"


def test_a_conversation_of_which_nothing_is_known_has_empty_cells_and_no_latency() -> None:
    line = shown(result_table([Played(load_samples()[0])])).splitlines()[1]
    assert line.split() == ["double-charge", "-"]


def test_markup_and_control_characters_of_a_message_are_shown_as_text() -> None:
    played = half_played()
    played.last_message = "[red]hello[/red] \x1b[2J\x07bye"
    line = shown(result_table([played]))
    assert "[red]hello[/red]" in line
    assert "\x1b" not in line
    assert "\x07" not in line


@given(st.text(max_size=200), st.integers(min_value=2, max_value=60))
def test_a_shortened_text_is_one_line_within_its_limit(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert len(short) <= limit
    assert "\n" not in short
    if len(" ".join(text.split())) <= limit:
        assert short == " ".join(text.split())


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
