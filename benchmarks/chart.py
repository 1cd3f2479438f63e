"""Bars of a measure side by side, as an SVG of its own: no script, no font of its own, readable on light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from benchmarks.figures import Spread

WIDTH, BAR, GAP, NAMES, FIGURES, HEAD = 760, 18, 8, 250, 150, 34
STYLE = "text{font:13px sans-serif;fill:#777}rect{fill:#4a86c5}rect.own{fill:#d9822b}line{stroke:#777}"


def chart(title: str, bars: Sequence[tuple[str, Spread]], own: Sequence[str], digits: int = 0) -> str:
    """Return the SVG: a bar to each median, a line from the least to the greatest; ``own`` are drawn in orange.

    Raises ValueError when there is nothing to draw.
    """
    longest = max((found.greatest for _, found in bars), default=0.0)
    if longest <= 0:
        raise ValueError(f"nothing to draw for {title!r}")
    scale = (WIDTH - NAMES - FIGURES) / longest
    height = HEAD + len(bars) * (BAR + GAP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<text x="0" y="18" font-weight="bold">{escape(title)}</text>',
    ]
    for number, (name, found) in enumerate(bars):
        top = HEAD + number * (BAR + GAP)
        lines += _bar(name, found, top, scale, kind="own" if name in own else "other", digits=digits)
    return "\n".join([*lines, "</svg>", ""])


def _bar(name: str, found: Spread, top: int, scale: float, *, kind: str, digits: int) -> list[str]:
    middle = top + BAR / 2
    end = NAMES + found.greatest * scale
    return [
        f'<text x="{NAMES - 8}" y="{top + 14}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{NAMES}" y="{top}" width="{found.median * scale:.1f}" height="{BAR}"/>',
        f'<line x1="{NAMES + found.least * scale:.1f}" x2="{end:.1f}" y1="{middle}" y2="{middle}"/>',
        f'<text x="{end + 8:.1f}" y="{top + 14}">{escape(found.text(digits))}</text>',
    ]
