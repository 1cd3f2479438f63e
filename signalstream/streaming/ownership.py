"""Which worker holds a conversation's rows: asked of Faust's assignor, by the conversation's key."""

from __future__ import annotations

from signalstream.core.keys import ConversationKey
from signalstream.errors import OwnerUnavailableError
from signalstream.streaming.application import SignalApp


class TableOwnership:
    """Answers from the newest assignment. ``table`` is any table of the app: all are partitioned alike."""

    def __init__(self, app: SignalApp, table: str) -> None:
        self._app = app
        self._table = table

    def owner_url(self, key: ConversationKey) -> str | None:
        """Return the owner's URL, None for this worker. Raises OwnerUnavailableError while it is not settled."""
        if not self._app.is_ready:
            raise OwnerUnavailableError("this worker is joining or recovering its tables")
        try:
            url = self._app.router.key_store(self._table, key.encode())
        except KeyError as error:
            raise OwnerUnavailableError("no worker owns this conversation's partition yet") from error
        own = self._app.conf.canonical_url
        if (url.host, url.port) == (own.host, own.port):
            return None
        return str(url).rstrip("/")
