"""What a sealed value looks like, whose key seals it, and what its seal is bound to.

``F5 53 | version | key id (8) | nonce (12) | ciphertext and tag (16)``. No JSON begins with F5, which is no UTF-8
either, so that a sealed value and one in the clear are never taken for one another.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple, Protocol

from signalstream.core.keys import is_tenant_id
from signalstream.errors import KeyPendingError

MAGIC = b"\xf5S"
VERSION = 1
KEY_ID_BYTES = 8
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = len(MAGIC) + 1 + KEY_ID_BYTES
OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES
NOBODY = "_"
"""Whose key seals what names no tenant, as notes of operators and records with a broken key do: no tenant's id."""


class Sealer(Protocol):
    """Seals values before they are kept and opens them afterwards. ``topic`` is a table's changelog for its rows."""

    def seal(self, topic: str, key: bytes | None, value: bytes) -> bytes:
        """Return the value as it may be kept. Raises KeyPendingError, KeyDestroyedError."""
        ...

    def open(self, topic: str, key: bytes | None, value: bytes) -> bytes:
        """Return what was sealed. Raises SealedError, KeyPendingError, KeyDestroyedError."""
        ...

    def is_ready(self, key: bytes | None) -> bool:
        """Say whether values of this record key can be sealed without waiting."""
        ...

    async def prepare(self, key: bytes | None) -> None:
        """Return once they can be: a tenant's first value has its key made.

        Raises BrokerUnavailableError, KeyPendingError, KeyDestroyedError.
        """
        ...

    def erased(self, key: bytes | None) -> bool:
        """Say whether the key that sealed values of this record key has been destroyed for good."""
        ...

    def secret_of(self, tenant: str) -> bytes:
        """Return the secret that a tenant's tags are keyed with: the same in every process, whichever key seals now.

        Raises KeyPendingError, KeyDestroyedError; not after ``prepare``.
        """
        ...


class Sealed(NamedTuple):
    """The parts of a sealed value. ``header`` is everything before the nonce."""

    header: bytes
    key_id: bytes
    nonce: bytes
    ciphertext: bytes


def is_sealed(value: bytes) -> bool:
    """Say whether a value means to be sealed."""
    return value.startswith(MAGIC)


def header_of(key_id: bytes) -> bytes:
    """Return what a value begins with that is sealed by a key."""
    return MAGIC + bytes((VERSION,)) + key_id


def parse(value: bytes) -> Sealed | None:
    """Return the parts of a sealed value, or None for bytes that are none of this version."""
    if len(value) < OVERHEAD_BYTES or not value.startswith(MAGIC) or value[len(MAGIC)] != VERSION:
        return None
    nonce_ends = HEADER_BYTES + NONCE_BYTES
    header = value[:HEADER_BYTES]
    return Sealed(header, header[len(MAGIC) + 1 :], value[HEADER_BYTES:nonce_ends], value[nonce_ends:])


def bound_to(header: bytes, topic: str, key: bytes | None) -> bytes:
    """Return what a value's seal is bound to. Moved to another topic or key, it does not open."""
    name = topic.encode()
    return b"%s%s%s%s" % (header, len(name).to_bytes(2), name, key or b"")


def owner_of(key: bytes | None) -> str:
    """Return whose key seals the values of a record key: the tenant that it begins with, else ``NOBODY``."""
    tenant, slash, _ = (key or b"").partition(b"/")
    try:
        name = tenant.decode("ascii")
    except UnicodeDecodeError:
        return NOBODY
    return name if slash and is_tenant_id(name) else NOBODY


class Unsealed:
    """The sealer of a deployment without encryption: values stay as they are."""

    def seal(self, topic: str, key: bytes | None, value: bytes) -> bytes:  # noqa: ARG002 - the shape of a Sealer
        """See Sealer."""
        return value

    def open(self, topic: str, key: bytes | None, value: bytes) -> bytes:  # noqa: ARG002 - the shape of a Sealer
        """See Sealer. A sealed value is no broken one: it waits for the worker that is told to open it."""
        if is_sealed(value):
            raise KeyPendingError(
                f"a value of {topic} is encrypted and this process has SIGNALSTREAM_ENCRYPTION=off; start it with "
                "SIGNALSTREAM_ENCRYPTION=required and the master key"
            )
        return value

    def is_ready(self, key: bytes | None) -> bool:  # noqa: ARG002 - the shape of a Sealer
        """See Sealer."""
        return True

    async def prepare(self, key: bytes | None) -> None:
        """See Sealer."""

    def erased(self, key: bytes | None) -> bool:  # noqa: ARG002 - the shape of a Sealer
        """See Sealer."""
        return False

    def secret_of(self, tenant: str) -> bytes:
        """See Sealer. It follows from the name and is no secret: without encryption there is none to derive it from."""
        return blake2b(tenant.encode(), person=b"tags in clear").digest()


UNSEALED: Sealer = Unsealed()
