"""Tokens: the good ones are taken for what they grant, and whatever is known against them is tried."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from signalstream.core.jwt_shape import MOST_CHARACTERS
from signalstream.errors import CredentialError
from signalstream.security.key_set import KeySet, read_key_set
from signalstream.security.tokens import Expected, TokenVerifier
from tests.fakes import FixedClock
from tests.security.issuer import AUDIENCE, ISSUER, Signer, b64, claims, hs256
from tests.security.keys import NOW

SIGNERS = {name: Signer.make(name, f"key-{name}") for name in ("RS256", "ES256", "EdDSA")}
RSA = SIGNERS["RS256"]
EXPIRES = int(NOW.timestamp()) + 300


class Keys:
    """The issuer's keys, at hand; counts the questions."""

    def __init__(self, *listed: dict[str, Any]) -> None:
        document = json.dumps({"keys": listed or [signer.jwk() for signer in SIGNERS.values()]})
        self.set: KeySet = read_key_set(document.encode())
        self.asked = 0

    async def find(self, key_type: str, key_id: str | None) -> Any | None:
        self.asked += 1
        return self.set.find(key_type, key_id)


def verifier(keys: Keys | None = None, clock: FixedClock | None = None, **changes: Any) -> TokenVerifier:
    said = {"tenant_claim": "tenant_id", "scope_claim": "scope", "leeway": timedelta(seconds=30)} | changes
    return TokenVerifier(keys or Keys(), Expected(ISSUER, AUDIENCE, **said), clock or FixedClock(NOW))


async def refused(token: str, checks: TokenVerifier | None = None) -> str:
    with pytest.raises(CredentialError) as caught:
        await (checks or verifier()).verify(token)
    return caught.value.word


@pytest.mark.parametrize("signer", SIGNERS.values(), ids=list(SIGNERS))
async def test_a_good_token_is_its_tenant_and_those_of_its_scopes_that_there_are(signer: Signer):
    holder = await verifier().verify(signer.sign(claims()))

    assert (holder.tenant, holder.scopes) == ("acme", {"insights:read", "messages:write"})
    assert holder.expires_at == NOW + timedelta(seconds=330)
    assert "someone@example.com" not in holder.credential


async def test_two_holders_have_two_ids_and_one_holder_has_one():
    ids = [(await verifier().verify(RSA.sign(claims(sub=sub)))).credential for sub in ("a", "b", "a")]

    assert ids[0] == ids[2] != ids[1]


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        (["insights:read", "admin", 7], {"insights:read", "admin"}),
        ("insights:read", {"insights:read"}),
        ("", set()),
        (None, set()),
        ({"insights:read": True}, set()),
    ],
)
async def test_scopes_are_text_or_a_list_and_anything_else_grants_nothing(said: object, scopes: set[str]):
    assert (await verifier().verify(RSA.sign(claims(scope=said)))).scopes == scopes


async def test_tenant_and_scopes_come_from_the_claims_that_the_settings_name():
    checks = verifier(tenant_claim="https://acme.example/tenant", scope_claim="realm.roles")
    token = RSA.sign(claims(**{"https://acme.example/tenant": "other"}, realm={"roles": ["admin"]}))

    holder = await checks.verify(token)

    assert (holder.tenant, holder.scopes) == ("other", {"admin"})


@pytest.mark.parametrize("tenant", [None, "", "ACME", "a/b", 7, ["acme"], "acme\n"])
async def test_a_token_without_a_good_tenant_is_refused(tenant: object):
    assert await refused(RSA.sign(claims(tenant_id=tenant))) == "credential-refused"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"iss": "https://other.example"}, "credential-refused"),
        ({"iss": None}, "credential-refused"),
        ({"iss": [ISSUER]}, "credential-refused"),
        ({"aud": "another-program"}, "credential-refused"),
        ({"aud": ["another-program"]}, "credential-refused"),
        ({"aud": None}, "credential-refused"),
        ({"aud": {"any": AUDIENCE}}, "credential-refused"),
        ({"exp": None}, "credential-refused"),
        ({"exp": "never"}, "credential-refused"),
        ({"exp": True}, "credential-refused"),
        ({"exp": EXPIRES - 331}, "credential-expired"),
        ({"exp": -1}, "credential-expired"),
        ({"nbf": EXPIRES - 300 + 31}, "credential-not-yet-valid"),
        ({"nbf": "tomorrow"}, "credential-not-yet-valid"),
        ({"iat": EXPIRES - 300 + 31}, "credential-not-yet-valid"),
    ],
)
async def test_a_token_for_others_or_for_another_time_is_refused(changes: dict[str, object], word: str):
    assert await refused(RSA.sign(claims(**changes))) == word


async def test_clocks_may_be_apart_by_the_leeway_and_no_more():
    clock = FixedClock(NOW + timedelta(seconds=329))
    token = RSA.sign(claims())

    assert (await verifier(clock=clock).verify(token)).tenant == "acme"
    clock.time = NOW + timedelta(seconds=330)
    assert await refused(token, verifier(clock=clock)) == "credential-expired"


async def test_one_of_several_audiences_is_enough_and_a_far_expiry_is_no_fault():
    token = RSA.sign(claims(aud=["another-program", AUDIENCE], exp=10**30))

    assert (await verifier().verify(token)).tenant == "acme"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256", "RS1", "PS256", "RS512", "ES384", None, 7])
async def test_no_other_algorithm_is_taken_whatever_the_signature(algorithm: object):
    signed = RSA.sign(claims(), alg=algorithm)

    assert await refused(signed) == "credential-refused"
    assert await refused(signed.rpartition(".")[0] + ".") == "credential-refused"


async def test_a_public_key_is_no_shared_secret():
    for secret in (RSA.pem(), RSA.pem().strip(), json.dumps(RSA.jwk()).encode()):
        assert await refused(hs256(claims(), secret, kid=RSA.kid)) == "credential-refused"


async def test_the_key_of_one_algorithm_checks_no_token_of_another():
    for said, signer in (("ES256", RSA), ("RS256", SIGNERS["ES256"]), ("EdDSA", SIGNERS["ES256"])):
        assert await refused(signer.sign(claims(), alg=said)) == "credential-refused"


async def test_a_token_signed_by_anyone_else_is_refused_though_it_names_the_key():
    for name, signer in SIGNERS.items():
        assert await refused(Signer.make(name, signer.kid).sign(claims())) == "credential-refused"


@pytest.mark.parametrize("kid", ["unknown", "", "../../etc/passwd", "key-RS256\x00", "' or 1=1 --", 7, ["key-RS256"]])
async def test_a_key_id_that_the_issuer_does_not_have_is_refused(kid: object):
    assert await refused(RSA.sign(claims(), kid=kid)) == "credential-refused"


async def test_a_token_without_a_key_id_is_checked_with_the_only_key_of_its_type():
    nameless = Signer("RS256", None, RSA.private)

    assert (await verifier().verify(nameless.sign(claims()))).tenant == "acme"
    two = Keys(RSA.jwk(), Signer.make("RS256", "another").jwk())
    assert await refused(nameless.sign(claims()), verifier(two)) == "credential-refused"


async def test_a_key_that_the_token_brings_along_is_not_used():
    attacker = Signer.make("RS256", "key-RS256")
    brought: list[dict[str, object]] = [
        {"jwk": attacker.jwk()},
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/chain"},
        {"x5c": [b64(attacker.pem())]},
    ]

    for header in brought:
        assert await refused(attacker.sign(claims(), **header)) == "credential-refused"


@pytest.mark.parametrize("crit", [["exp"], ["b64"], [], "exp"])
async def test_what_a_token_calls_critical_is_not_understood_and_so_refused(crit: object):
    assert await refused(RSA.sign(claims(), crit=crit, b64=True)) == "credential-refused"


@pytest.mark.parametrize("name", ["tenant_id", "exp", "scope", "iss"])
async def test_a_claim_that_stands_twice_is_refused_also_when_both_say_the_same(name: str):
    said = json.dumps(claims())
    twice = f'{said[:-1]}, "{name}": {json.dumps(claims()[name])}}}'

    assert await refused(RSA.sign(twice)) == "credential-refused"


async def test_a_header_that_names_two_algorithms_is_refused():
    body = RSA.sign(claims()).split(".")
    header = b64(f'{{"alg":"none","alg":"RS256","kid":"{RSA.kid}"}}')

    assert await refused(f"{header}.{body[1]}.{body[2]}") == "credential-refused"


async def test_altered_claims_a_cut_signature_and_added_parts_are_refused():
    header, body, signature = RSA.sign(claims()).split(".")
    altered = b64(claims(tenant_id="other"))

    for token in (
        f"{header}.{altered}.{signature}",
        f"{header}.{body}.{signature[:-4]}",
        f"{header}.{body}.",
        f"{header}.{body}",
        f"{header}.{body}.{signature}.{signature}",
        f"{header}.{body}.{signature}=",
        f" {header}.{body}.{signature}",
        f"{header}.{body}.{signature}\n",
        "..",
        "",
    ):
        assert await refused(token) == "credential-refused"


DEEP = '{"a":' * 1_000
NO_NUMBER, LONG_NUMBER = '{"exp": NaN}', '{"exp": ' + "9" * 5_000 + "}"


@pytest.mark.parametrize("body", ["[" * 2_900, DEEP, "[]", "7", b"\xff\xfe", NO_NUMBER, LONG_NUMBER, "{"])
async def test_claims_that_are_no_object_within_bounds_are_refused_before_any_key_is_asked_for(body: str | bytes):
    keys, header = Keys(), b64({"alg": "RS256"})

    assert await refused(f"{header}.{b64(body)}.{b64('x')}", verifier(keys)) == "credential-refused"
    assert await refused(f"{b64(body)}.{b64(claims())}.{b64('x')}", verifier(keys)) == "credential-refused"
    assert keys.asked == 0


async def test_a_huge_token_is_refused_before_any_key_is_asked_for():
    keys, padding = Keys(), "x" * MOST_CHARACTERS

    assert await refused(RSA.sign(claims(padding=padding)), verifier(keys)) == "credential-refused"
    assert await refused(RSA.sign(claims(), padding=padding), verifier(keys)) == "credential-refused"
    assert keys.asked == 0
