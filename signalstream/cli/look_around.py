"""Where to look next, once the demo has been played."""

from __future__ import annotations

from collections.abc import Sequence

from signalstream.cli.api_client import Api
from signalstream.cli.demo import Played

PAGES = (("/", "page"), ("/docs", "API, to try out"), ("/health", "health of every part"))


async def places(api: Api, conversations: Sequence[Played]) -> list[str]:
    """Return lines that can be opened or pasted; a page is named only when the worker serves it."""
    lines = ["", "look next:"]
    lines += [f"  {what:<20} {api.url}{path}" for path, what in PAGES if await api.serves(path)]
    example = conversations[0].sample.conversation_id if conversations else "my-first"
    lines += [
        f"  {'live updates':<20} {api.url.replace('http', 'ws', 1)}/ws/conversations/{example}/stream",
        f"  {'an insight':<20} curl -s {api.url}/v1/conversations/{example}/insights",
        f"  {'your own message':<20} {curl(api.url, example)}",
        "",
        "Ctrl-C ends everything.",
    ]
    return lines


def curl(url: str, conversation_id: str) -> str:
    """Return a command that posts a message."""
    body = f'{{"conversation_id": "{conversation_id}", "sender": "customer", "message": "Thank you, it works again!"}}'
    return f"curl -s {url}/v1/messages -H 'Content-Type: application/json' -d '{body}'"
