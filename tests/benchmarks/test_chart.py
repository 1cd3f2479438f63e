from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks.chart import chart
from benchmarks.figures import Spread

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_their_medians_and_say_what_they_are() -> None:
    bars = [("ours & theirs", Spread(50, 40, 60)), ("bare", Spread(100, 90, 110))]
    drawn = ElementTree.fromstring(chart("Rates", bars, own=["bare"]))
    ours, bare = drawn.findall(f"{SVG}rect")
    assert float(bare.attrib["width"]) == pytest.approx(2 * float(ours.attrib["width"]), abs=0.2)
    assert (ours.attrib["class"], bare.attrib["class"]) == ("other", "own")
    assert "ours & theirs" in [text.text for text in drawn.findall(f"{SVG}text")]


def test_nothing_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="nothing to draw for 'Rates'"):
        chart("Rates", [], own=[])
