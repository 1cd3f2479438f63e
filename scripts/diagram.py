"""The diagram and the table of topics in docs/ARCHITECTURE.md, made from the code.

``python -m scripts.diagram`` prints them; with ``--write`` they go between the document's markers.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

from scripts import rights
from signalstream.agents import aggregation, conversation
from signalstream.agents.aggregation import AggregationAgent
from signalstream.agents.conversation import ConversationAgent
from signalstream.agents.erasure_sweep import ErasureSweep
from signalstream.agents.registry import AI_AGENT_NAMES
from signalstream.agents.retention_sweep import RetentionSweep
from signalstream.agents.window_sweep import WindowSweep
from signalstream.settings import Settings
from signalstream.tables.conversations import conversations_table
from signalstream.tables.erasures import erasures_table
from signalstream.tables.insights import insights_table
from signalstream.tables.reader import TableReader
from signalstream.tables.windows import windows_table
from signalstream.topics import DAY_MS, TABLES, TOPICS, all_topics, topic_name

DOCUMENT = Path(__file__).parents[1] / "docs" / "ARCHITECTURE.md"
DEFAULTS = Settings.model_construct()  # neither the environment nor .env may change the document
KEEPERS = {
    conversation.NAME: ConversationAgent,
    aggregation.NAME: AggregationAgent,
    "window sweep": WindowSweep,
    "erasure sweep": ErasureSweep,
    "retention sweep": RetentionSweep,
    "GET views": TableReader,
}
AGENTS = {conversation.NAME, aggregation.NAME, *AI_AGENT_NAMES}
EVERY_AGENT = "every agent"
TABLE_OF = dict(zip(TABLES, (conversations_table, insights_table, windows_table, erasures_table), strict=True))
STYLES = """\
    classDef topic fill:#eef3fb,stroke:#4a6fa5,color:#16233a
    classDef table fill:#f6f0e2,stroke:#9a7b2f,color:#33290f
    classDef core fill:#e6f4ea,stroke:#3b7d4f,color:#12301c
    classDef ai fill:#fbeaf0,stroke:#a5446b,color:#3a1424
    classDef person fill:#ffffff,stroke:#888888,color:#222222"""


def diagram() -> str:
    """Return the flowchart: topics with who writes and who reads them, tables with who holds them."""
    lines = ["```mermaid", "flowchart TB", *_nodes(), *_edges(), STYLES, "```"]
    return "\n".join(lines)


def topics_table() -> str:
    """Return every topic, changelogs included, as a Markdown table."""
    rows = [
        (f"`{spec.name}`", spec.model, ", ".join(_gathered(spec.writers)), ", ".join(_gathered(spec.readers)),
         spec.cleanup_policy,
         "newest of each key" if spec.retention_ms is None else f"{spec.retention_ms // DAY_MS} d")
        for spec in all_topics(DEFAULTS)
    ]  # fmt: skip
    head = ("topic", "holds", "written by", "read by", "cleanup", "kept")
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def filled(text: str) -> str:
    """Return the document's text with what the code says between its markers. Raises ValueError without markers."""
    for name, made in (("diagram", diagram()), ("topics", topics_table())):
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"{DOCUMENT.name} must hold the lines {begin} and {end} once each; put them back")
        before, after = text.partition(begin)[0], text.partition(end)[2]
        text = f"{before}{begin}\n{made}\n{end}{after}"
    return text


def _nodes() -> Iterator[str]:
    named = (name for spec in TOPICS for name in (*_gathered(spec.writers), *_gathered(spec.readers)))
    yield '    senders(["your systems"]):::person'
    yield '    watchers(["pages and clients"]):::person'
    for name in dict.fromkeys((*named, *KEEPERS)):
        if name.startswith("signalstream "):
            yield f'    {_id(name)}(["{name}"]):::person'
        elif name == EVERY_AGENT:
            yield f'    {_id(name)}["{name}"]:::person'
        else:
            yield f'    {_id(name)}["{name}"]:::{"ai" if name in AI_AGENT_NAMES else "core"}'
    for spec in TOPICS:
        yield f'    topic_{_id(spec.name)}[/"{topic_name(spec, DEFAULTS)}"/]:::topic'
    for table in TABLES:
        yield f'    table_{table}[("{table}")]:::table'


def _edges() -> Iterator[str]:
    yield "    senders -- POST --> web"
    for spec in TOPICS:
        yield from (f"    {_id(writer)} --> topic_{_id(spec.name)}" for writer in _gathered(spec.writers))
        yield from (f"    topic_{_id(spec.name)} --> {_id(reader)}" for reader in _gathered(spec.readers))
    for keeper in KEEPERS:
        for table in tables_of(keeper):
            reads_only = keeper == "GET views" or keeper.endswith("sweep")
            yield f"    table_{table} --> {_id(keeper)}" if reads_only else f"    {_id(keeper)} --- table_{table}"
    yield "    live_view -- WebSocket and list --> watchers"
    yield "    GET_views -- insights, state, timeline --> watchers"


def _gathered(parts: tuple[str, ...]) -> tuple[str, ...]:
    return (EVERY_AGENT, *(part for part in parts if part not in AGENTS)) if set(parts) >= AGENTS else parts


def tables_of(keeper: str) -> tuple[str, ...]:
    """Return the tables that a part is given, by the models that its annotations name."""
    models = {_model(hint) for hint in get_type_hints(KEEPERS[keeper]).values()}
    return tuple(table for table, make in TABLE_OF.items() if _model(get_type_hints(make)["return"]) in models)


def _model(hint: object) -> object:
    """Return M of TypedTable[M] or of a class made from it; None for anything else."""
    for base in (hint, *getattr(hint, "__orig_bases__", ())):
        if getattr(getattr(base, "__origin__", None), "__name__", "") == "TypedTable":
            return get_args(base)[0]
    return None


def _id(name: str) -> str:
    return re.sub(r"\W", "_", name)


def main() -> int:
    """Print or write; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.diagram", description=__doc__)
    parser.add_argument(
        "--write", action="store_true", help=f"put them into docs/{DOCUMENT.name}, and the rights into docs/SETUP.md"
    )
    if parser.parse_args().write:
        DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
        rights.write()  # a new topic needs rights, too
    else:
        sys.stdout.write(f"{diagram()}\n\n{topics_table()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
