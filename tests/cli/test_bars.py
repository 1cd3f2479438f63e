from __future__ import annotations

from io import StringIO

from rich.console import Console

from signalstream.cli.bars import Bars


def drawn(terminal: bool, total: int = 40) -> str:
    out = StringIO()
    with Bars(Console(file=out, force_terminal=terminal, width=100)).bar("reading dead letters", total) as advance:
        for _ in range(total):
            advance(1)
    return out.getvalue()


def test_a_terminal_sees_what_is_done_and_how_far_it_has_come() -> None:
    shown = drawn(terminal=True)
    assert "reading dead letters" in shown
    assert "40/40" in shown


def test_a_pipe_sees_nothing_and_neither_does_a_terminal_when_there_is_nothing_to_do() -> None:
    assert drawn(terminal=False) == ""
    assert drawn(terminal=True, total=0) == ""
