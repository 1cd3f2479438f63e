"""The frames of the WebSocket: what a client of the stream can rely on."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from signalstream.models.base import Model
from signalstream.models.intelligence import Insight

FINAL_TEXT = 0x81


class Connected(Model):
    """The first frame of a stream."""

    type: Literal["connected"] = "connected"
    conversation_id: str
    tenant_id: str
    heartbeat_seconds: float = Field(description="Time between the server's protocol pings.")


class IntelligenceUpdate(Model):
    """A conversation's insight, now or after a change. ``id`` goes into ?last_event_id= to resume."""

    type: Literal["intelligence_update"] = "intelligence_update"
    conversation_id: str
    id: str = Field(description="The insight's revision.")
    data: Insight


class ConversationErased(Model):
    """The last frame of a stream whose conversation was erased: forget what came before it."""

    type: Literal["erased"] = "erased"
    conversation_id: str


class Pong(Model):
    """The answer to a client's ping."""

    type: Literal["pong"] = "pong"


class NotUnderstood(Model):
    """Says that a frame of the client was ignored."""

    type: Literal["error"] = "error"
    detail: str


class Authenticate(Model):
    """A client's first frame, where it could not send an Authorization header."""

    type: Literal["authenticate"]
    token: str = Field(min_length=1, description="An API key or a token.")


SOCKET_MESSAGES: tuple[type[BaseModel], ...] = (Connected, IntelligenceUpdate, ConversationErased, Pong, NotUnderstood)


def text_frame(message: bytes) -> bytes:
    """Return a message of UTF-8 text as one unmasked frame (RFC 6455, 5.2), as a server sends it to each reader."""
    length = len(message)
    if length < 126:
        return b"%c%c%b" % (FINAL_TEXT, length, message)
    if length < 2**16:
        return b"%c%c%b%b" % (FINAL_TEXT, 126, length.to_bytes(2), message)
    return b"%c%c%b%b" % (FINAL_TEXT, 127, length.to_bytes(8), message)
