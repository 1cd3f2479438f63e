"""What rules see of a sentence that asks for something or promises it, as numbers for the head.

The order of SIGNS is part of a trained head.
"""

from __future__ import annotations

import re

from signalstream.core.text import folded, phrase_pattern

_ASKS = phrase_pattern(
    "can you|could you|would you|will you|can we|could we|are you able|is it possible|may i|can i|could i|would it be|"
    "do you mind|would you mind|any chance"
)
_POLITE = phrase_pattern("please|pls|plz|kindly|thanks in advance|appreciate|grateful|be great if|be nice if")
_WANTS = phrase_pattern("i need|we need|i want|we want|i would like|we would like|i'd like|we'd like")
_HAS_TO = phrase_pattern("need to|needs to|want to|wants to|have to|has to|looking for|must")
_TELLS = phrase_pattern(
    "let me know|get back to me|give me a call|call me|send me|send us|let us know|tell me|help me|make sure|feel free|"
    "remind me|keep me|forward me|email me|contact me|you should|you need to|you must|you have to|don't forget"
)
_PROMISES = phrase_pattern(
    "i will|i'll|we will|we'll|i am going to|i'm going to|we are going to|we're going to|i shall|i promise|i plan to|"
    "i intend to|you will receive|you'll receive|will be sent|will get back|will contact you|will call you"
)
_COULD = phrase_pattern("i can|we can|let me|i could|we could")
_MEETS = phrase_pattern("let's|let us|shall we|how about|what about|why don't we|why don't you|should we|meet|schedule")
_QUESTION = phrase_pattern("what|when|where|which|who|how|why|do|does|did|is|are|was|have|has|any|should")
_COMMANDS = phrase_pattern(
    "ask|call|send|check|please|give|tell|let|make|take|get|find|look|see|review|forward|contact|provide|call|read|"
    "reply|respond|confirm|cancel|change|update|fix|explain|show|help|put|add|remove|keep|try|bring|return|refund|"
    "email|schedule|set|use|visit|follow|sign|print|download|prepare|talk|remember|note|click|join|learn|buy|order|go|"
    "start|enter|register|vote|donate|share|watch|discover|subscribe|choose"
)
_LEAD = re.compile(r"^(?:[\w'.&-]+ ?){1,3}[,:-] ")
_IF = phrase_pattern("if you|if we|should you|when you")
_PAST = phrase_pattern("was|were|had|did|has been|have been|said|told|asked|sent|called")
_OFFERS = phrase_pattern("click|free|today|save|offer|unsubscribe|newsletter|here|link")
_WISHES = phrase_pattern("i hope|i wish|i think|i guess|maybe|perhaps|probably|might")
SIGNS = (
    *(
        "asks",
        "polite",
        "wants",
        "tells",
        "promises",
        "meets",
        "has to",
        "could",
        "question mark",
        "question word",
        "command first",
    ),
    *("command after a name", "condition", "past", "offers", "wishes", "exclamation", "speaks of you", "speaks of me"),
    "length",
)
_YOU = phrase_pattern("you|your|yours")
_ME = phrase_pattern("i|we|me|us|my|our")


def request_signs(sentence: str) -> tuple[float, ...]:
    """Return the numbers in the order of SIGNS, each between 0 and 1."""
    plain = folded(sentence[:1_000])
    rest = _LEAD.sub("", plain)
    patterns = (_ASKS, _POLITE, _WANTS, _TELLS, _PROMISES, _MEETS, _HAS_TO, _COULD)
    return (
        *(float(pattern.search(plain) is not None) for pattern in patterns),
        float("?" in plain),
        float(_QUESTION.match(rest) is not None),
        float(_COMMANDS.match(plain) is not None),
        float(rest != plain and _COMMANDS.match(rest) is not None),
        *(float(pattern.search(plain) is not None) for pattern in (_IF, _PAST, _OFFERS, _WISHES)),
        float("!" in plain),
        *(float(pattern.search(plain) is not None) for pattern in (_YOU, _ME)),
        min(len(plain.split()), 40) / 40,
    )
