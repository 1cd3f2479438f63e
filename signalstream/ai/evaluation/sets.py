"""Labelled sets in a directory: files of this project's formats, and published sets as their publishers wrote them.

Own formats: ``sentiment*.jsonl``, ``intent*.jsonl``, ``pii*.jsonl``, ``summary*.jsonl``, ``requests*.jsonl`` and
``language*.jsonl``, each described by the module of its name. Published sets lie in folders: see ``published``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from signalstream.ai.evaluation import intent, pii, sentiment
from signalstream.ai.evaluation.language import LabelledLanguage
from signalstream.ai.evaluation.lines import records
from signalstream.ai.evaluation.requests import LabelledSentence
from signalstream.ai.evaluation.summary import LabelledConversation
from signalstream.errors import ConfigurationError

TASKS = ("sentiment", "intent", "pii", "summary", "requests", "language")


@dataclass(frozen=True)
class LabelledSet:
    """Records with what is right: a pair of text and label, or the model of the task's module.

    ``samples`` are sentences for each label that an intent analyst is given beforehand; ``note`` says what a reader of
    the figures must know.
    """

    task: str
    name: str
    records: Sequence[Any]
    samples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    note: str = ""

    def some(self, most: int | None) -> LabelledSet:
        """Return it with at most ``most`` records, spread evenly over all."""
        if most is None or len(self.records) <= most:
            return self
        chosen = [self.records[place * len(self.records) // most] for place in range(most)]
        return LabelledSet(self.task, self.name, chosen, self.samples, self.note)


def own_sets(folder: Path, tasks: Sequence[str]) -> Iterator[LabelledSet]:
    """Yield the sets of own formats. Raises ConfigurationError that names the file and the line which is wrong."""
    for task in tasks:
        for path in sorted(folder.glob(f"{task}*.jsonl")):
            try:
                found = list(_READERS[task](path.read_text(encoding="utf-8").splitlines()))
            except (OSError, ValueError, ConfigurationError) as error:
                raise ConfigurationError(f"{path}: {error}") from error
            if not found:
                raise ConfigurationError(f"{path}: holds no record")
            yield LabelledSet(task, path.stem, found)


_READERS: dict[str, Callable[[Sequence[str]], Iterator[Any]]] = {
    "sentiment": sentiment.read,
    "intent": intent.read,
    "pii": pii.read_labelled,
    "summary": lambda lines: records(LabelledConversation, lines),
    "requests": lambda lines: records(LabelledSentence, lines),
    "language": lambda lines: records(LabelledLanguage, lines),
}
