"""Why an analysis is degraded, failed or skipped: a code for programs, and words for whoever leads a support team.

What exactly an analyst or a server said stays in the log and in ``/health``, for those who run this.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from signalstream.errors import (
    AnalystBadOutputError,
    AnalystError,
    AnalystNoBudgetError,
    AnalystOverdueError,
    AnalystOverloadedError,
    AnalystRateLimitedError,
    AnalystRefusedError,
    AnalystRejectedError,
    AnalystSpentError,
    AnalystSupersededError,
    AnalystSuspendedError,
    AnalystUnavailableError,
    AnalystWithheldError,
)
from signalstream.models.intelligence import AnalysisStatus

ReasonCode = Literal[
    "unavailable",
    "suspended",
    "overdue",
    "overloaded",
    "rate_limited",
    "no_budget",
    "spent",
    "refused",
    "rejected",
    "withheld",
    "bad_output",
    "superseded",
    "fault",
    "other",
]
CODES: tuple[ReasonCode, ...] = get_args(ReasonCode)
WORDS: Mapping[ReasonCode, str] = MappingProxyType(
    {
        "unavailable": "The AI model could not be reached.",
        "suspended": "The AI model has not been answering for a while.",
        "overdue": "The analysis took too long.",
        "overloaded": "More messages came at once than this system can look at in time.",
        "rate_limited": "The AI model has more to do than it takes from us at the moment.",
        "no_budget": "More messages came than the AI model may be asked about in a minute.",
        "spent": "The day's budget for the AI model is used up.",
        "refused": "The AI model declined to look at this message.",
        "rejected": "The AI model does not let us in; whoever runs this system can see why and mend it.",
        "withheld": "Personal data could not be removed with certainty, so nothing was sent to the AI model.",
        "bad_output": "The AI model's answer could not be used.",
        "superseded": "A newer message of this conversation is looked at instead.",
        "fault": "A fault in this system; whoever runs it finds this message among those that were put aside.",
        "other": "The analysis could not be made.",
    }
)
ENDS: Mapping[AnalysisStatus, str] = MappingProxyType(
    {
        AnalysisStatus.DEGRADED: "The built-in analysis, which is simpler, was used instead.",
        AnalysisStatus.FAILED: "There is no result for this message.",
    }
)
_CODE_OF: tuple[tuple[type[AnalystError], ReasonCode], ...] = (
    (AnalystUnavailableError, "unavailable"),
    (AnalystSuspendedError, "suspended"),
    (AnalystOverdueError, "overdue"),
    (AnalystOverloadedError, "overloaded"),
    (AnalystRateLimitedError, "rate_limited"),
    (AnalystNoBudgetError, "no_budget"),
    (AnalystSpentError, "spent"),
    (AnalystRefusedError, "refused"),
    (AnalystRejectedError, "rejected"),
    (AnalystWithheldError, "withheld"),
    (AnalystBadOutputError, "bad_output"),
    (AnalystSupersededError, "superseded"),
)


def code_of(error: BaseException | None) -> ReasonCode:
    """Return the code of what stood in the way of a result."""
    return next((code for kind, code in _CODE_OF if isinstance(error, kind)), "other")


def told(code: ReasonCode, status: AnalysisStatus) -> str:
    """Return the reason in words: what happened, and what that means for the result."""
    return " ".join(filter(None, (WORDS[code], ENDS.get(status))))
