"""What is sent: support messages over many conversations, the same for every pipeline of a round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from signalstream.core.keys import ConversationKey
from signalstream.models.messages import Channel, Message, Sender
from signalstream.streaming.values import encode

TENANT = "bench"
TEXTS = (
    "Hello, the refund that you promised me two weeks ago has still not arrived.",
    "Could you tell me where my order is? The page says delivered, but nothing is here.",
    "Thank you, that was quick!",
    "I was charged twice this month and nobody answers my e-mails. What is going on?",
    "The app closes as soon as I open the settings, on two different phones.",
    "Please change the address of my account, I have moved to another town.",
    "How do I export my invoices of last year as one file?",
)


@dataclass(frozen=True)
class Load:
    """``messages`` in the order of sending; the n-th of a conversation is its turn n."""

    messages: Sequence[Message]

    def records(self) -> list[tuple[bytes, bytes]]:
        """Return key and value of each message, as the web process produces them."""
        return [
            (ConversationKey(TENANT, message.conversation_id).encode(), encode(message)) for message in self.messages
        ]

    def turns(self) -> dict[str, int]:
        """Return conversation id -> how many turns it will have."""
        return dict(Counter(message.conversation_id for message in self.messages))


def load(name: str, messages: int, conversations: int, at: datetime) -> Load:
    """Return ``messages`` messages, dealt in turn to ``conversations`` conversations, all written ``at``.

    ``name`` keeps the conversations of one load apart from those of another.
    """
    return Load([_message(f"{name}-{number % conversations}", number, at) for number in range(messages)])


def text_of(number: int) -> str:
    """Return the text of message ``number`` of a load."""
    return TEXTS[number % len(TEXTS)]


def _message(conversation: str, number: int, at: datetime) -> Message:
    return Message(
        message_id=uuid5(NAMESPACE_URL, f"{conversation}/{number}"),
        tenant_id=TENANT,
        conversation_id=conversation,
        sender=Sender.AGENT if number % 3 == 2 else Sender.CUSTOMER,
        text=text_of(number),
        channel=Channel.CHAT,
        written_at=at,
        received_at=at,
    )
