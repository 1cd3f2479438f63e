"""Decisions without Faust, aiohttp, network or clock: merging, windows, urgency, redaction."""
