"""Tokens of OAUTHBEARER: from a file, from a command, or from a token endpoint by client credentials.

Several apps ask, with ``SIGNALSTREAM_FAST_PATHS=off`` each from a thread and an event loop of its own, so nothing
here belongs to a loop; and where they share one, nothing here may block it. A fault is a ``KafkaError``: aiokafka
then treats it as a broker that cannot be reached, says so and tries again, whereas anything else would end the task
that keeps a client's metadata fresh.
"""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

import aiohttp
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError

from signalstream.errors import ConfigurationError
from signalstream.settings import Settings
from signalstream.streaming.secrets import read_secret, required_secret
from signalstream.streaming.tls import authority_context

TOKEN_SECONDS = 4.0  # for one token: the clear error about it has to come within 10 s
RENEW_AT = 0.8  # of a token's life
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SOURCES = ("kafka_token_file", "kafka_token_command", "kafka_token_url")


class TokenError(KafkaError):  # type: ignore[misc]  # mypy is told to skip aiokafka
    """There is no token. ``final`` says that no retry helps: an operator has to change something."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final

    def __str__(self) -> str:
        return str(self.args[0])


class FileToken(AbstractTokenProvider):  # type: ignore[misc]  # mypy is told to skip aiokafka
    """A token from a file that someone else renews."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def token(self) -> str:
        """Return what the file holds now. Raises TokenError."""
        try:
            return read_secret(self._path, "kafka_token_file")
        except ConfigurationError as error:
            raise TokenError(str(error), final=True) from None


class CommandToken(AbstractTokenProvider):  # type: ignore[misc]  # mypy is told to skip aiokafka
    """A token that a command prints."""

    def __init__(self, command: str) -> None:
        self._words = shlex.split(command)

    async def token(self) -> str:
        """Return what the command prints. Raises TokenError."""
        return await asyncio.to_thread(self._run)

    def _run(self) -> str:
        said = f"SIGNALSTREAM_KAFKA_TOKEN_COMMAND ({self._words[0]})"
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
                self._words, capture_output=True, text=True, check=False, timeout=TOKEN_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise TokenError(f"{said} printed no token within {TOKEN_SECONDS:g} s; see what it waits for") from None
        except OSError as error:
            raise TokenError(
                f"{said} cannot be run ({error.strerror}); name a command that is there", final=True
            ) from None
        token = done.stdout.strip()
        if done.returncode != 0 or not token:
            raise TokenError(f"{said} ended with code {done.returncode} and no token; run it by hand to see why")
        return token


class EndpointToken(AbstractTokenProvider):  # type: ignore[misc]  # mypy is told to skip aiokafka
    """A token that an OAuth endpoint gives for client credentials, asked again before it expires."""

    def __init__(
        self,
        url: str,
        client: tuple[str, str],
        scope: str | None,
        ca_file: Path | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._client, self._scope = url, client, scope
        self._context = authority_context(ca_file, "kafka_token_ca_file")
        self._clock = clock
        self._held = ("", 0.0)  # the token, and until when it is given out

    async def token(self) -> str:
        """Return a token that holds. Raises TokenError."""
        token, until = self._held
        if token and self._clock() < until:
            return token
        asked = self._clock()
        token, seconds = await self._ask()
        self._held = (token, asked + RENEW_AT * seconds)
        return token

    async def _ask(self) -> tuple[str, float]:
        body = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        timeout = aiohttp.ClientTimeout(total=TOKEN_SECONDS)
        headers = {"Authorization": aiohttp.encode_basic_auth(*map(quote_plus, self._client))}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
                session.post(self._url, data=body, ssl=self._context, allow_redirects=False) as answer,
            ):
                return _granted(self._url, answer.status, await answer.json(content_type=None))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise TokenError(
                f"the token endpoint {self._url} gave no token ({type(error).__name__}: {error}); see whether it "
                "answers (SIGNALSTREAM_KAFKA_TOKEN_URL, SIGNALSTREAM_KAFKA_TOKEN_CA_FILE)"
            ) from None


def token_source(settings: Settings) -> AbstractTokenProvider:
    """Return where OAUTHBEARER's tokens come from. Raises ConfigurationError unless the settings name one place."""
    named = [name for name in SOURCES if getattr(settings, name) is not None]
    if len(named) != 1:
        wanted = ", ".join(f"SIGNALSTREAM_{name.upper()}" for name in SOURCES)
        raise ConfigurationError(f"SIGNALSTREAM_KAFKA_SASL_MECHANISM=OAUTHBEARER needs one of {wanted}")
    if settings.kafka_token_file is not None:
        return FileToken(settings.kafka_token_file)
    if settings.kafka_token_command is not None:
        return CommandToken(settings.kafka_token_command)
    return _endpoint(settings)


def _endpoint(settings: Settings) -> EndpointToken:
    url = settings.kafka_token_url or ""
    if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in LOOPBACK:
        raise ConfigurationError(f"SIGNALSTREAM_KAFKA_TOKEN_URL: a secret goes to {url} in the clear; use https")
    if settings.kafka_token_client_id is None:
        raise ConfigurationError("SIGNALSTREAM_KAFKA_TOKEN_URL needs SIGNALSTREAM_KAFKA_TOKEN_CLIENT_ID")
    secret = required_secret(
        settings, "kafka_token_client_secret", "kafka_token_client_secret_file", "SIGNALSTREAM_KAFKA_TOKEN_URL"
    )
    client = (settings.kafka_token_client_id, secret)
    return EndpointToken(url, client, settings.kafka_token_scope, settings.kafka_token_ca_file)


def _granted(url: str, status: int, body: object) -> tuple[str, float]:
    told = body if isinstance(body, dict) else {}
    if status >= 400:
        raise TokenError(
            f"the token endpoint {url} refused this client: {status} {told.get('error', '')}; check "
            "SIGNALSTREAM_KAFKA_TOKEN_CLIENT_ID, its secret and SIGNALSTREAM_KAFKA_TOKEN_SCOPE",
            final=status < 500 and status != 429,
        )
    token = told.get("access_token")
    if not isinstance(token, str) or not token:
        raise TokenError(f"the token endpoint {url} answered {status} without an access_token", final=True)
    seconds = told.get("expires_in", 0)
    return token, float(seconds) if isinstance(seconds, int | float) else 0.0
