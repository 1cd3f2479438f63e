"""What to do and say, by intent and by where the conversation stands: the published tables of the local analyst.

Resolution times are service targets by urgency, not predictions: nothing here has seen how long things took.
"""

from __future__ import annotations

from signalstream.ai.local.taxonomy import Advice
from signalstream.core.standing import Standing
from signalstream.models.intelligence import Urgency

RESOLUTION_TARGETS = {
    Urgency.CRITICAL: "1 hour",
    Urgency.HIGH: "4 hours",
    Urgency.MEDIUM: "1 business day",
    Urgency.LOW: "3 business days",
}

ACTIONS = {
    "Refund Request": ("Check the order and its payment", "Decide on the refund by policy", "Confirm amount and date"),
    "Cancellation": ("Ask for the reason once", "Confirm what ends and when", "Send the cancellation in writing"),
    "Billing Inquiry": ("Compare charges with invoices", "Correct a wrong charge", "Explain the bill line by line"),
    "Account Issue": ("Verify the customer's identity", "Check the account's status", "Restore access"),
    "Technical Issue": ("Collect device, version and error text", "Look for a known incident", "Offer a workaround"),
    "Feature Request": ("Record the request for the product team", "Name today's closest alternative"),
    "Complaint": ("Apologise for what happened", "Review the earlier contacts", "Offer a remedy with a date"),
    "General Inquiry": ("Answer the question or ask what is needed",),
}

RESPONSES = {
    "Refund Request": "I am looking at your order and its payment now, and will tell you what we can refund and when.",
    "Cancellation": "I can take care of the cancellation. I will confirm in writing what ends and on which date.",
    "Billing Inquiry": "I am comparing the charge with your invoices now and will correct anything that is wrong.",
    "Account Issue": "Let us get you back into your account. I first need to verify that it is yours.",
    "Technical Issue": "I am looking into it. Which device and version do you use, and what exactly does it show?",
    "Feature Request": "Thank you for the suggestion. I have passed it on to the product team.",
    "Complaint": "What you describe should not have happened. I am reviewing it now and will come back with a remedy.",
    "General Inquiry": "Thank you for your message. I am looking into your question.",
}
HANDLE_AS = "Handle it as: {label}"
NEUTRAL = "Thank you for your message. I am looking into it."
"""What is said of a label of a tenant's own whose definition says nothing of it."""
SORRY = "I am sorry for the trouble. "
AT_ONCE = "A specialist takes this over right now. "

BY_REASON = {
    "safety": "Hand over to the safety contact now; advise to keep a safe distance",
    "fraud or a security breach": "Secure the account and hand over to the fraud team now",
    "legal steps": "Inform the legal contact; make no promise in writing",
    "outage or loss of data": "Check the incident channel; open an incident if there is none",
    "a deadline": "Name a time by which the customer hears back",
    "repeated contact": "Read the earlier contacts before answering; assign one owner",
    "about to leave": "Offer a call with retention",
    "wrong charges": "Check for a duplicate charge first",
}
BY_STANDING = {
    Standing.SOLVED: ("Confirm that it is solved, and close the case",),
    Standing.ESCALATED: ("Ask the specialist for the present state", "Tell the customer who has the case now"),
    Standing.WAITING: ("Wait for the customer's answer; remind after two days",),
    Standing.PROMISED: ("Check whether what was promised has been done",),
    Standing.REPEATED: ("Read the earlier contacts before answering; assign one owner",),
    Standing.FIRST: (),
    Standing.ONGOING: (),
}
SAID_BY_STANDING = {
    Standing.SOLVED: "I am glad that it works now. Is there anything else that I can do for you?",
    Standing.ESCALATED: "Your case is with our specialists. I am asking them where it stands and will write to you.",
    Standing.PROMISED: "I am checking where what we promised you stands, and will tell you the next step and its date.",
}
"""Where the conversation stands there, the reply is this, whatever the intent."""
AGAIN = "I have read what you wrote before, so you need not repeat it. "
PROTECT = "Do not repeat the personal data of the message"
"""Said when the message held personal data."""
ESCALATE = "Escalate to a senior agent"
"""Said when the urgency alone does not bring in a specialist."""


def advice_for(intent: str, own: Advice | None) -> Advice:
    """Return what is advised for an intent: by ``own``, the tenant's definition of it, else by the tables.

    A label that neither says anything of gets neutral words that claim nothing.
    """
    own = own or Advice()
    usual = ACTIONS.get(intent, (HANDLE_AS.format(label=intent.replace("_", " ")),))
    return Advice(own.actions or usual, own.response or RESPONSES.get(intent, NEUTRAL))


def actions(
    advised: Advice, reasons: tuple[str, ...], standing: Standing, *, escalation: bool, has_pii: bool
) -> tuple[str, ...]:
    """Return at most six actions, the most pressing first. ``reasons`` are those of the urgency."""
    by_reason = [BY_REASON[base] for base in (one.removesuffix(" (earlier)") for one in reasons) if base in BY_REASON]
    said = [
        *by_reason[:2],
        *([ESCALATE] if escalation and standing is not Standing.ESCALATED else []),
        *BY_STANDING[standing],
        *(advised.actions if standing not in _DECIDES else ()),
        *([PROTECT] if has_pii else []),
    ]
    return tuple(dict.fromkeys(said))[:6]


_DECIDES = {Standing.SOLVED, Standing.WAITING}


def response(advised: Advice, urgency: Urgency, standing: Standing, *, upset: bool) -> str:
    """Return a suggested reply to the customer's newest message."""
    if standing is Standing.SOLVED and urgency is not Urgency.CRITICAL:
        return SAID_BY_STANDING[standing]
    return (
        (SORRY if upset else "")
        + (AT_ONCE if urgency is Urgency.CRITICAL else "")
        + (AGAIN if standing is Standing.REPEATED else "")
        + SAID_BY_STANDING.get(standing, advised.response)
    )
