"""One stand-in: a model behind gRPC and HTTP on free ports of loopback."""

from __future__ import annotations

from types import TracebackType
from typing import NamedTuple, Self

from tests.gemini_fake.certificates import Certificates
from tests.gemini_fake.grpc_front import GrpcFront
from tests.gemini_fake.http_front import HttpFront
from tests.gemini_fake.model import FakeModel

HOST = "127.0.0.1"
STREAMS = 100


class Ports(NamedTuple):
    """A port for each protocol."""

    grpc: int = 0
    grpc_tls: int = 0
    http: int = 0


class FakeGemini:
    """Starts and stops the fronts; ``model`` decides what is answered. Ports of 0 take free ones."""

    def __init__(
        self,
        model: FakeModel | None = None,
        tls: Certificates | None = None,
        ports: Ports = Ports(),  # noqa: B008 - a tuple never changes
        streams: int = STREAMS,
    ) -> None:
        self.model = model or FakeModel()
        self._tls = tls
        self._wanted = ports
        self._streams = streams

    async def start(self) -> None:
        """Listen; after a stop, on the same ports as before."""
        self.grpc = GrpcFront(self.model, HOST, self._streams)
        self.http = HttpFront(self.model, HOST)
        await self.grpc.start(self._wanted.grpc, self._tls, self._wanted.grpc_tls)
        await self.http.start(self._wanted.http)
        self._wanted = self.ports

    async def stop(self) -> None:
        """Break off what is in flight and stop listening."""
        await self.grpc.stop()
        await self.http.stop()

    async def restart(self) -> None:
        """Stop and listen again; what was counted stays."""
        await self.stop()
        await self.start()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def endpoint(self) -> str:
        """Where Gemini answers with TLS, by a name of its certificate."""
        return f"localhost:{self.grpc.tls_port}"

    @property
    def base_url(self) -> str:
        """The beginning of every HTTP address."""
        return f"http://{HOST}:{self.http.port}"

    @property
    def ports(self) -> Ports:
        """The ports that it listens on; ``grpc_tls`` is 0 without certificates."""
        return Ports(self.grpc.port, self.grpc.tls_port, self.http.port)
