"""Which dead letters are meant: by id, reason, agent, tenant and time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from signalstream.cli.dead_letters import Filed, tenant_of
from signalstream.errors import ConfigurationError

LETTER_ID = re.compile(r"(\d{1,9})-(\d{1,18})")
SPAN = re.compile(r"(\d{1,6})\s*([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Choice:
    """Letters that fit everything that is set. ``since`` is the first moment that counts, ``until`` the first after."""

    ids: Sequence[str] = ()
    reason: str | None = None
    stage: str | None = None
    tenant: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def is_narrow(self) -> bool:
        """Say whether anything is set at all."""
        return bool(self.ids) or self.by_content() or self.since is not None or self.until is not None

    def by_content(self) -> bool:
        """Say whether something is set that only a readable letter can fit."""
        return any(each is not None for each in (self.reason, self.stage, self.tenant))

    def fits(self, each: Filed) -> bool:
        """Say whether a letter fits, its id aside; an unreadable one fits by its time alone."""
        letter = each.letter
        if (self.since and each.happened_at < self.since) or (self.until and each.happened_at >= self.until):
            return False
        if letter is None:
            return not self.by_content()
        return (
            self.reason in (None, letter.reason)
            and self.stage in (None, letter.stage)
            and (self.tenant is None or tenant_of(letter) == self.tenant)
        )


def select(letters: Iterable[Filed], choice: Choice) -> list[Filed]:
    """Return the letters that are meant; no ids means all. Raises ConfigurationError for an id that is not there."""
    known = {each.id: each for each in letters}
    for name in choice.ids:
        if not LETTER_ID.fullmatch(name):
            raise ConfigurationError(f"{name!r} is no id of a dead letter; `signalstream dlq list` shows them, as 3-17")
        if name not in known:
            raise ConfigurationError(f"there is no dead letter {name}; `signalstream dlq list` shows what there is")
    chosen = [known[name] for name in dict.fromkeys(choice.ids)] if choice.ids else list(known.values())
    return [each for each in chosen if choice.fits(each)]


def moment(option: str, text: str | None, now: datetime) -> datetime | None:
    """Return the time that an option says: an ISO time, UTC if it names no zone, or a span before ``now`` as 2h.

    Raises ConfigurationError.
    """
    if text is None:
        return None
    try:
        if span := SPAN.fullmatch(text.strip()):
            return now - timedelta(**{UNITS[span[2]]: int(span[1])})
        time = datetime.fromisoformat(text.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"{option}: {text!r} is neither a time as 2026-01-31T12:00:00Z nor a span before now as 30m, 2h or 7d"
        ) from None


def ordered(choice: Choice) -> Choice:
    """Return the choice. Raises ConfigurationError when no time can lie in it."""
    if choice.since and choice.until and choice.since >= choice.until:
        raise ConfigurationError("--since is not before --until: no dead letter can lie between them")
    return choice
