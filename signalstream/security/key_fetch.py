"""Where the issuer's keys come from: its address, or a file that somebody keeps."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp

FETCH_SECONDS = 5.0
MOST_BYTES = 256 * 1024


class FromAddress:
    """Fetches by HTTP: bounded in time and size, and from this address only, so without redirects."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)

    async def __call__(self) -> bytes:
        """Return the document. Raises ValueError, aiohttp.ClientError, TimeoutError."""
        async with (
            aiohttp.ClientSession(timeout=self._timeout) as session,
            session.get(self._url, allow_redirects=False, headers={"Accept": "application/json"}) as answer,
        ):
            if answer.status != 200:
                raise ValueError(f"the issuer answered {answer.status}")
            body = bytearray()
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise ValueError(f"the issuer's keys have more than {MOST_BYTES} bytes")
            return bytes(body)


class FromFile:
    """Reads a file, each time anew: who replaces it has rotated the keys."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __call__(self) -> bytes:
        """Return the document. Raises OSError, ValueError."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> bytes:
        with self._path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise ValueError(f"{self._path} has more than {MOST_BYTES} bytes")
        return body
