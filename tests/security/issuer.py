"""An issuer of tokens for tests: it makes keys, publishes them, signs, and can be rotated or switched off."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.security.keys import NOW

ISSUER = "https://issuer.example"
AUDIENCE = "signalstream"
Json = dict[str, Any]


def b64(data: bytes | str | Json) -> str:
    raw = data if isinstance(data, bytes) else (data if isinstance(data, str) else json.dumps(data)).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass
class Signer:
    """A private key of one algorithm, and its public half as a key set lists it."""

    algorithm: str
    kid: str | None
    private: Any

    @classmethod
    def make(cls, algorithm: str, kid: str | None, bits: int = 2048) -> Signer:
        makers = {
            "RS256": lambda: rsa.generate_private_key(65537, bits),
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }
        return cls(algorithm, kid, makers[algorithm]())

    def jwk(self, **more: object) -> Json:
        public = self.private.public_key()
        if self.algorithm == "RS256":
            numbers = public.public_numbers()
            described = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        elif self.algorithm == "ES256":
            numbers = public.public_numbers()
            place = {name: b64(getattr(numbers, name).to_bytes(32, "big")) for name in ("x", "y")}
            described = {"kty": "EC", "crv": "P-256", **place}
        else:
            described = {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes(Encoding.Raw, PublicFormat.Raw))}
        return described | ({} if self.kid is None else {"kid": self.kid}) | more

    def pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, claims: Json | str, **header: object) -> str:
        named = {"alg": self.algorithm, "typ": "JWT"} | ({} if self.kid is None else {"kid": self.kid}) | header
        said = f"{b64(named)}.{b64(claims)}"
        return f"{said}.{b64(self._signature(said.encode()))}"

    def _signature(self, said: bytes) -> bytes:
        if self.algorithm == "RS256":
            return self.private.sign(said, padding.PKCS1v15(), hashes.SHA256())
        if self.algorithm == "ES256":
            r, s = utils.decode_dss_signature(self.private.sign(said, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.private.sign(said)


def hs256(claims: Json, secret: bytes, **header: object) -> str:
    """Return a token with a symmetric signature: what a public key is mistaken for in an attack."""
    said = f"{b64({'alg': 'HS256', 'typ': 'JWT', **header})}.{b64(claims)}"
    code = hmac.HMAC(secret, hashes.SHA256())
    code.update(said.encode())
    return f"{said}.{b64(code.finalize())}"


def claims(**changes: object) -> Json:
    """Return good claims with changes; None leaves a claim out."""
    now = int(NOW.timestamp())
    good: Json = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "someone@example.com", "iat": now, "nbf": now, "exp": now + 300,
        "tenant_id": "acme", "scope": "insights:read messages:write openid",
    }  # fmt: skip
    return {name: value for name, value in (good | changes).items() if value is not None}


@dataclass
class Issuer:
    """Publishes keys over HTTP. ``status`` other than 200 is an outage; ``fetches`` counts who asked."""

    keys: list[Json] = field(default_factory=list)
    status: int = 200
    fetches: int = 0
    body: bytes | None = None

    def document(self) -> bytes:
        return json.dumps({"keys": self.keys}).encode() if self.body is None else self.body

    async def _answer(self, _request: web.Request) -> web.Response:
        self.fetches += 1
        headers = {"Location": "/elsewhere"} if self.status in {301, 302} else {}
        return web.Response(status=self.status, body=self.document(), headers=headers)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        application = web.Application()
        application.router.add_get("/{path:.*}", self._answer)
        async with TestServer(application, host="127.0.0.1") as server:
            yield f"http://127.0.0.1:{server.port}/keys"
