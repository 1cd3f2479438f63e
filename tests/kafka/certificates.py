"""Certificate authorities for one test, and what they sign: brokers and their clients."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Authority:
    """An authority with a name of its own; ``pem`` is its certificate."""

    def __init__(self, name: str) -> None:
        self._name = _name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        made = _unsigned(self._name, self._key, self._name, timedelta(0))
        self.pem = self._signed(made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True))

    def sign(self, name: str, ago: timedelta = timedelta(0)) -> tuple[bytes, bytes]:
        """Return certificate and key, PEM, for ``name`` and 127.0.0.1; valid for a day, which began ``ago``."""
        key = ec.generate_private_key(ec.SECP256R1())
        hosts = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        made = _unsigned(_name(name), key, self._name, ago)
        certificate = self._signed(made.add_extension(x509.SubjectAlternativeName(hosts), critical=False))
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return certificate, key.private_bytes(*form)

    def _signed(self, made: x509.CertificateBuilder) -> bytes:
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _unsigned(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, ago: timedelta
) -> x509.CertificateBuilder:
    began = datetime.now(UTC) - timedelta(hours=1) - ago
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + DAY)
    )
