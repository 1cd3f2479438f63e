"""What docs/API_GUIDE.md says of reasons is what an analysis says."""

from __future__ import annotations

import re

from signalstream.core.reasons import WORDS
from tests.docs.documents import REPOSITORY


def test_every_reason_is_told_in_the_words_that_are_shown() -> None:
    guide = (REPOSITORY / "docs" / "API_GUIDE.md").read_text()
    section = re.search(r"<!-- reasons: begin -->\n(.*?)<!-- reasons: end -->", guide, re.DOTALL)
    assert section is not None
    rows = [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in section[1].splitlines()[2:]]
    assert rows == [[code, words] for code, words in WORDS.items()]
