"""Planting over HTTP and WebSocket: in what is taken in, and in every field and header of what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from tests.canary.values import KINDS, Supply, groups_of
from tests.web.wire import Wire, opened

TENANT = "acme"
CONVERSATIONS = 25
TEMPLATES = {
    "name": "Hello, my name is {} and I have been a customer since May.",  # a pattern finds it by its cue
    "card": "You charged my card {} twice for one order!",
    "e-mail": "Please write to {} as soon as you know more.",
    "key": "Our integration uses the API key {} and fails since this morning.",
}

BY_MODEL = "{} called your hotline yesterday about the parcel."  # nothing but the model tells that this is a name


@dataclass
class Planter:
    """Sends requests with canaries, and keeps what was answered: all of it, head and body."""

    session: aiohttp.ClientSession
    url: str
    credential: str
    supply: Supply
    refusals: list[bytes] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)
    accepted: dict[str, int] = field(default_factory=dict)

    @property
    def own(self) -> dict[str, str]:
        """Return the header that lets in."""
        return {"Authorization": f"Bearer {self.credential}"}

    async def accept(self, number: int) -> None:
        """Post a message that is taken in: canaries in its text, its metadata, its headers and its query."""
        conversation = f"c-{number % CONVERSATIONS}"
        taken = {kind: self.supply.take(kind, "text of a message") for kind in KINDS}
        card = " ".join(groups_of(taken["card"])) if number % 2 else taken["card"]
        templates = TEMPLATES if number % 2 else TEMPLATES | {"name": BY_MODEL}
        text = " ".join(templates[kind].format(card if kind == "card" else taken[kind]) for kind in KINDS)
        metadata: dict[str, Any] = {kind: self.supply.take(kind, "metadata") for kind in KINDS}
        metadata["deeper"] = {"list": [self.supply.take("e-mail", "metadata, deeper")]}
        headers = {
            "Idempotency-Key": self.supply.take("key", "Idempotency-Key"),
            "User-Agent": self.supply.take("name", "User-Agent"),
            "Cookie": f"session={self.supply.take('key', 'Cookie')}",
            "Referer": f"https://shop.example/{self.supply.take('e-mail', 'Referer')}",
            "X-Forwarded-For": self.supply.take("card", "X-Forwarded-For"),
        }
        body = {"conversation_id": conversation, "sender": "customer", "message": text, "metadata": metadata}
        query = {"campaign": self.supply.take("e-mail", "unknown query parameter")}
        url = f"{self.url}/v1/messages"
        async with self.session.post(url, json=body, headers=headers | self.own, params=query) as answer:
            assert answer.status == 202, await answer.text()
        self.accepted[conversation] = self.accepted.get(conversation, 0) + 1

    async def refuse(self, kind: str) -> None:
        """Send a request with a canary in each field, header and path where it is refused."""
        for method, path, options in [*self._bodies(kind), *self._reads(kind)]:
            headers = self.own | options.pop("headers", {})
            async with self.session.request(
                method, URL(self.url + path, encoded=True), headers=headers, **options
            ) as answer:
                self._keep(answer.status, str(answer.raw_headers).encode() + await answer.read())

    async def refuse_raw(self, kind: str) -> None:
        """Send what no HTTP library sends, with a canary in it."""
        upgrade = f"Authorization: {self.own['Authorization']}\r\nUpgrade: websocket\r\nConnection: Upgrade"
        key = f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {self._take(kind, 'Sec-WebSocket-Key')}"
        for head in (
            f"GET /health HTTP/1.1\r\nHost: h\r\nX-A: {self._take(kind, 'broken header')}\x00\r\n\r\n",
            f"GET /{self._take(kind, 'broken path')}\x01 HTTP/1.1\r\nHost: h\r\n\r\n",
            f"{self._take(kind, 'broken method')} / HTTP/1.1\r\nHost: h\r\n\r\n",
            f"POST /v1/messages HTTP/1.1\r\nHost: h\r\nContent-Length: {self._take(kind, 'Content-Length')}\r\n\r\n",
            f"GET /ws/conversations/c/stream HTTP/1.1\r\nHost: h\r\n{upgrade}\r\n{key}\r\n\r\n",
            f"GET /health HTTP/1.1\r\nHost: {self._take(kind, 'Host')}\r\n\r\n",
        ):
            async with opened(self._host, self._port) as line:
                await line.send(head)
                await self._keep_raw(line)

    async def listen(self, kind: str) -> None:
        """Open streams with canaries: in what authenticates, in the address, in frames."""
        stream = f"{self.url}/ws/conversations/c-0/stream"
        for frame in (
            json.dumps({"type": "authenticate", "token": self._take(kind, "token of a first frame")}),
            self._take(kind, "first frame"),
        ):
            await self._frames(stream, {}, frame)
        protocol = {"Sec-WebSocket-Protocol": f"bearer, {quote(self._take(kind, 'Sec-WebSocket-Protocol'), safe='')}"}
        query = f"?last_event_id={quote(self._take(kind, 'last_event_id'))}"
        await self._frames(stream + query, self.own | protocol, self._take(kind, "frame"), '{"type":"ping"}')
        unknown = f"{self.url}/ws/conversations/c-0/stream?tenant_id={quote(self._take(kind, 'tenant_id of a stream'))}"
        async with self.session.get(URL(unknown, encoded=True), headers=self.own) as answer:
            self._keep(answer.status, await answer.read())

    async def _frames(self, url: str, headers: dict[str, str], *frames: str) -> None:
        async with self.session.ws_connect(URL(url, encoded=True), headers=headers) as socket:
            for frame in frames:
                await socket.send_str(frame)
            with suppress(TimeoutError):
                while not socket.closed:
                    received = await socket.receive(timeout=0.3)
                    self.refusals.append(f"{received.data} {received.extra}".encode())

    def _bodies(self, kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        good = {"conversation_id": "c-0", "sender": "customer", "message": "m"}
        path = "/v1/messages"
        for name in ("sender", "channel", "timestamp", "message_id", "tenant_id", "metadata"):
            yield "POST", path, {"json": good | {name: self._take(kind, name)}}
        yield "POST", path, {"json": good | {"conversation_id": self._take(kind, "conversation_id") + "\n"}}
        yield "POST", path, {"json": good | {"message": {"text": self._take(kind, "message")}}}
        yield "POST", path, {"json": good | {"message": self._take(kind, "message") * 1_000}}
        yield "POST", path, {"json": good | {"message": self._take(kind, "message") + "\x00"}}
        yield "POST", path, {"json": good | {self._take(kind, "name of a field"): 1}}
        yield "POST", path, {"json": good | {"metadata": {self._take(kind, "name in metadata"): "\x00"}}}
        yield "POST", path, {"json": [self._take(kind, "body that is no object")]}
        json_type = {"Content-Type": "application/json"}
        for body in ('{{"message": "{}', "{}", '{{"a": {}}}'):
            yield "POST", path, {"data": body.format(self._take(kind, "broken JSON")), "headers": json_type}
        for name in ("Content-Type", "Content-Encoding", "Idempotency-Key", "Authorization"):
            value = self._take(kind, name) + ("é" if name == "Idempotency-Key" else "")
            yield "POST", path, {"data": json.dumps(good), "headers": json_type | {name: value}}
        for scheme in ("Bearer", "Basic"):
            yield "POST", path, {"json": good, "headers": {"Authorization": f"{scheme} {self._take(kind, scheme)}"}}

    def _reads(self, kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for end in ("", "/insights", "/timeline"):
            yield "GET", f"/v1/conversations/{self._quoted(kind, 'path' + end)}{end}", {}
            yield "GET", f"/v1/conversations/{self._quoted(kind, 'unprintable path')}%00{end}", {}
        for name in ("cursor", "limit", "tenant_id"):
            yield "GET", f"/v1/conversations?{name}={self._quoted(kind, name)}", {}
        yield "GET", f"/v1/erasures/{self._quoted(kind, 'receipt')}", {}
        yield "DELETE", f"/v1/tenants/{self._quoted(kind, 'tenant')}", {}
        for path in ("/", "/static/", "/docs/static/", "/v1/"):
            yield "GET", path + self._quoted(kind, "unknown path"), {}
        yield "PUT", f"/v1/messages?a={self._quoted(kind, 'wrong method')}", {}
        for name in ("If-None-Match", "Origin", "traceparent", "X-Request-ID"):
            value = self._take("name" if name == "X-Request-ID" else kind, name)  # an id of letters and digits is kept
            yield "POST", "/v1/nowhere", {"headers": {name: value}}

    @property
    def _host(self) -> str:
        return str(URL(self.url).host)

    @property
    def _port(self) -> int:
        return int(URL(self.url).port or 0)

    def _take(self, kind: str, place: str) -> str:
        return self.supply.take(kind, place)

    def _quoted(self, kind: str, place: str) -> str:
        return quote(self._take(kind, place), safe="")

    def _keep(self, status: int, answer: bytes) -> None:
        assert 400 <= status < 500, (status, answer)
        self.statuses.add(status)
        self.refusals.append(answer)

    async def _keep_raw(self, line: Wire) -> None:
        if (answer := await line.answer()) is not None:
            self.refusals.append(str(answer.headers).encode() + answer.body)
