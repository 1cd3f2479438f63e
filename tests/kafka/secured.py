"""An Apache Kafka that lets nobody in without a credential, and nobody do anything without a right.

Three listeners: the plain one, whose clients may do everything, is the test's own; SASL_SSL takes PLAIN, SCRAM and
OAUTHBEARER; SSL wants a client's certificate. Passwords and certificates are made here.
"""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

from signalstream.streaming.embedded import free_port
from tests.kafka.broker import PROPERTIES, KafkaBroker
from tests.kafka.certificates import Authority

USER, PASSWORD = "worker", "scram-secret"
PLAIN_PASSWORD = "plain-secret"
CERTIFIED = "CN=worker"
MODULES = "org.apache.kafka.common.security"
SECURITY = """\
listeners=PLAINTEXT://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller}},SASL_SSL://127.0.0.1:{sasl},SSL://127.0.0.1:{tls}
advertised.listeners=PLAINTEXT://127.0.0.1:{{port}},SASL_SSL://127.0.0.1:{sasl},SSL://127.0.0.1:{tls}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL
inter.broker.listener.name=PLAINTEXT
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
ssl.keystore.type=PEM
ssl.keystore.location={directory}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={directory}/client-ca.pem
listener.name.ssl.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl_ssl.plain.sasl.jaas.config={modules}.plain.PlainLoginModule required user_{user}="{plain}";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={modules}.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={modules}.scram.ScramLoginModule required;
listener.name.sasl_ssl.oauthbearer.sasl.jaas.config={modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
"""  # noqa: E501 - Kafka's properties have no continuation that keeps its lines readable
SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-512")


class SecuredKafka:
    """The broker with its ports and its files; ``settings`` are those of a worker that is let in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.sasl_port, self.tls_port = free_port(), free_port()
        self._write_certificates()
        security = SECURITY.format(
            sasl=self.sasl_port,
            tls=self.tls_port,
            directory=directory,
            modules=MODULES,
            user=USER,
            plain=PLAIN_PASSWORD,
        )
        replaced = ("listeners=", "advertised.listeners=", "listener.security.protocol.map=")
        kept = [line for line in PROPERTIES.splitlines(keepends=True) if not line.startswith(replaced)]
        users = [f'{each}=[name="{USER}",password="{PASSWORD}"]' for each in SCRAM]
        options = [word for each in users for word in ("--add-scram", each)]
        self.broker = KafkaBroker(directory / "kafka", "".join(kept) + security, format_options=options)

    @property
    def bootstrap(self) -> str:
        """Return host:port of the plain listener, where everything is allowed."""
        return self.broker.bootstrap

    def settings(self, mechanism: str = "SCRAM-SHA-512", **changes: str) -> dict[str, str]:
        """Return the environment of a client of the SASL_SSL listener."""
        password = PLAIN_PASSWORD if mechanism == "PLAIN" else PASSWORD
        named = {"username": USER, "password": password} if mechanism != "OAUTHBEARER" else {}
        return environment(
            {
                "brokers": f"127.0.0.1:{self.sasl_port}",
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": mechanism,
                "ca_file": str(self.directory / "broker-ca.pem"),
                **named,
                **changes,
            }
        )

    def certified(self, **changes: str) -> dict[str, str]:
        """Return the environment of a client of the SSL listener, which shows its certificate."""
        return environment(
            {
                "brokers": f"127.0.0.1:{self.tls_port}",
                "security_protocol": "SSL",
                "ca_file": str(self.directory / "broker-ca.pem"),
                "certificate_file": str(self.directory / "client.pem"),
                "key_file": str(self.directory / "client-key.pem"),
                **changes,
            }
        )

    def _write_certificates(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        brokers, clients = Authority("the brokers' authority"), Authority("the clients' authority")
        broker, broker_key = brokers.sign("broker")
        client, client_key = clients.sign(USER)
        files = {
            "broker.pem": broker_key + broker,
            "broker-ca.pem": brokers.pem,
            "client.pem": client,
            "client-key.pem": client_key,
            "client-ca.pem": clients.pem,
        }
        for name, content in files.items():
            (self.directory / name).write_bytes(content)


def environment(values: dict[str, str]) -> dict[str, str]:
    """Return environment names of the settings of the way to Kafka."""
    return {f"SIGNALSTREAM_KAFKA_{name.upper()}": value for name, value in values.items()}


def unsecured_token(subject: str = USER, lives_seconds: float = 600.0) -> str:
    """Return a token as Kafka's validator for tests takes it: claims that nobody has signed."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": subject, "iat": now, "exp": now + lives_seconds})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""])
