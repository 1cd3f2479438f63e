"""The sample conversations that come with the package, written for it: nobody in them exists."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

from signalstream.models.messages import MessageIn


@dataclass(frozen=True)
class Sample:
    """A conversation to play. ``about`` says in a few words what is in it."""

    conversation_id: str
    about: str
    messages: tuple[MessageIn, ...]


def load_samples(suffix: str = "") -> tuple[Sample, ...]:
    """Return the samples in the order of their files, each conversation id ended with ``suffix``."""
    folder = files("signalstream") / "samples"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    return tuple(read_sample((folder / name).read_text(encoding="utf-8"), suffix) for name in names)


def read_sample(text: str, suffix: str = "") -> Sample:
    """Return the sample of a file: ``{conversation_id, about, channel, messages: [[sender, message], ...]}``."""
    told = json.loads(text)
    conversation_id = told["conversation_id"] + suffix
    messages = tuple(
        MessageIn(conversation_id=conversation_id, sender=sender, channel=told["channel"], message=message)
        for sender, message in told["messages"]
    )
    return Sample(conversation_id, told["about"], messages)
