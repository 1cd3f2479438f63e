"""How an answer is spoilt: blocked, cut, fenced, broken, of another shape, or without end."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.gemini_fake.exchange import Answered, tokens_in

TOKEN_CHARACTERS = 4


def spoilt(answered: Answered, fault: str | None) -> Answered:
    """Return the answer as ``fault`` leaves it; its output tokens are counted anew."""
    text = answered.text or ""
    match fault:
        case "safety_prompt":
            changed = replace(answered, text=None, finish="", block_reason="SAFETY", thought_tokens=0)
        case "safety" | "recitation":
            changed = replace(answered, text=None, finish=fault.upper())
        case "empty":
            changed = replace(answered, text=None)
        case "max_tokens_empty":
            changed = replace(answered, text=None, finish="MAX_TOKENS")
        case "max_tokens":
            changed = replace(answered, text=text[: max(1, int(len(text) * 0.6))], finish="MAX_TOKENS")
        case "repeat":
            changed = replace(answered, text=text[: len(text) // 2] + "\\n" * 500, finish="MAX_TOKENS")
        case _:
            changed = replace(answered, text=misshapen(text, fault) or None)
    return replace(changed, output_tokens=tokens_in(changed.text) if changed.text else 0)


def misshapen(text: str, fault: str | None) -> str:
    """Return a complete answer that is not what was asked for, or the text itself."""
    match fault:
        case "malformed":
            return text.replace('":', '" ', 1).rstrip("}") + ",}"
        case "fenced":
            return f"```json\n{text}\n```"
        case "extra_text":
            return f"Here is the JSON you asked for:\n{text}\nLet me know if you need more."
        case "swapped":
            return swapped(text)
        case "wrong_schema":
            return json.dumps({"unexpected": True, "items": [1, 2]})
        case _:
            return text


def swapped(text: str) -> str:
    """Return an answer whose results have moved on by one id; one with a single result, or with none, as it is."""
    answer = json.loads(text)
    results = answer.get("results", []) if isinstance(answer, dict) else []
    ids = [result["id"] for result in results]
    for result, other in zip(results, ids[1:] + ids[:1], strict=True):
        result["id"] = other
    return json.dumps(answer, ensure_ascii=False) if results else text


def bounded(answered: Answered, most_tokens: int | None) -> Answered:
    """Return the answer cut where thoughts and text come to more than ``most_tokens``."""
    text = answered.text or ""
    if most_tokens is None or tokens_in(text) + answered.thought_tokens <= most_tokens:
        return answered
    kept = text[: max(0, most_tokens - answered.thought_tokens) * TOKEN_CHARACTERS]
    return replace(answered, text=kept or None, finish="MAX_TOKENS")
