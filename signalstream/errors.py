"""The exception tree: who acts on each, and whether a retry helps.

Three fates exist for work that goes wrong: *retry* (the same call may succeed later), *dead letter* (it never
will; the bytes are kept for a person to look at) and *crash* (the process cannot promise anything any more).
The type decides, and the agents' delivery loop is the one place that acts on it.
"""

from __future__ import annotations


class SignalStreamError(Exception):
    """Base of everything that this project raises on purpose."""


class ConfigurationError(SignalStreamError):
    """A setting, a topic or the installation is wrong. Crash: the command prints it and exits with 2."""


class UndecodableError(SignalStreamError):
    """Bytes that are not the model that the topic promises. Dead letter: no retry will change the bytes."""


class SealedError(UndecodableError):
    """A value is not sealed as it should be, or was changed or moved. Dead letter: it will never open."""


class KeyDestroyedError(SignalStreamError):
    """A tenant's key was destroyed, and its values with it. No retry: they count as erased."""


class UnprocessableError(SignalStreamError):
    """A well-formed value that this stage can never process. Dead letter."""


class BrokerUnavailableError(SignalStreamError):
    """The broker did not acknowledge in time. Retry: the caller is told 503, an agent tries again."""


class KeyPendingError(BrokerUnavailableError):
    """The key of a value is not known to this process yet. Retry: the caller is told 503, an agent tries again."""


class StorageError(SignalStreamError):
    """The tables' disk does not take or give what it should. Crash: the worker ends, others take its partitions."""


class RedactionError(SignalStreamError):
    """Personal data could not be looked for, or the original not be sealed. Nothing is kept; the caller is told 503."""

    def __init__(self, message: str, word: str = "redaction-failed") -> None:
        super().__init__(message)
        self.word = word


class RecordTooLargeError(SignalStreamError):
    """A message is larger than the broker takes, once it is redacted and sealed. No retry: the caller is told 413."""


class OwnerUnavailableError(SignalStreamError):
    """The worker that owns a key is unknown, recovering or unreachable. Retry: the caller is told 503."""


class ModelUnavailableError(SignalStreamError):
    """A model file is missing, altered or unreadable. The local analyst goes on with rules and says so."""


class CredentialError(SignalStreamError):
    """There is no credential, or it does not hold. No retry: the caller is told 401, and ``word`` says why."""

    def __init__(self, message: str, word: str = "credential-refused") -> None:
        super().__init__(message)
        self.word = word


class AuthenticationUnavailableError(SignalStreamError):
    """Whether a credential holds cannot be told just now. Retry: the caller is told 503."""


class ForbiddenError(SignalStreamError):
    """The credential holds, and does not grant this. No retry: the caller is told 403, and the scope that it lacks."""

    def __init__(self, message: str, word: str = "forbidden", scope: str | None = None) -> None:
        super().__init__(message)
        self.word = word
        self.scope = scope


class AnalystError(SignalStreamError):
    """An analyst gave no usable answer. Base of all below.

    ``tokens`` is what the attempt cost all the same: those sent, those answered; zeros when nobody said.
    """

    tokens: tuple[int, int] = (0, 0)


class AnalystUnavailableError(AnalystError):
    """The analyst could not be reached or broke off. Retry within the turn's deadline."""


class AnalystRateLimitedError(AnalystError):
    """The analyst refused for now. Retry after ``delay_seconds`` when the deadline allows it."""

    def __init__(self, message: str, delay_seconds: float) -> None:
        super().__init__(message)
        self.delay_seconds = delay_seconds


class AnalystRefusedError(AnalystError):
    """The analyst declines this content. No retry: the analysis is ``failed`` or answered by another analyst."""


class AnalystRejectedError(AnalystError):
    """Key, model or permission is not accepted. No retry: an operator has to change a setting; ``/health`` says so."""


class AnalystWithheldError(AnalystError):
    """The text could not be redacted, so nothing was sent. No retry: the local analyst answers."""


class AnalystBadOutputError(AnalystError):
    """The answer does not fit the result's model. One retry, then ``failed``."""


class AnalystSupersededError(AnalystError):
    """A newer turn of the conversation is asked instead. No retry and no result: the analysis is ``skipped``."""


class AnalystOverdueError(AnalystError):
    """The call's deadline came before an answer. No retry: the time is up; the local analyst answers."""


class AnalystOverloadedError(AnalystError):
    """More turns came than can be answered in time, so this one was not asked. No retry: a lesser analyst answers."""


class AnalystSuspendedError(AnalystError):
    """An outage was seen, and nothing is sent until a probe is answered. No retry: the local analyst answers."""


class AnalystNoBudgetError(AnalystError):
    """The budget of requests has no room before the deadline. No retry: ``wait_seconds`` is how long it would take."""

    def __init__(self, message: str, wait_seconds: float) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class AnalystSpentError(AnalystError):
    """The day's budget of this tenant is spent. No retry until the next day (UTC): the local analyst answers."""
