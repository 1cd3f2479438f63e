"""Clients that post one message after another, a process of its own: ``python -m benchmarks.clients SPEC RESULT``.

A closed loop: each client sends its next request when the last one was answered. Written on bare connections with
requests made beforehand, so that the clients leave the cores to the server.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import orjson

from benchmarks import workload
from benchmarks.figures import percentile, settled
from signalstream.models.base import Model

CONVERSATIONS = 500
LONGEST_SECONDS = 10.0


class ClientsSpec(Model):
    """Where to, how many at once, for how long."""

    host: str
    port: int
    clients: int
    seconds: float


class Answered(Model):
    """Milliseconds of each accepted request in the order of their answers, and the answers that were no 202."""

    milliseconds: tuple[float, ...]
    failures: tuple[str, ...]
    seconds: float

    @property
    def per_second(self) -> float:
        """Return how many requests were accepted in a second."""
        return len(self.milliseconds) / self.seconds

    def percentile(self, share: float) -> float:
        """Return a percentile of all but the first fifth. Raises ValueError when nothing was accepted."""
        return percentile(settled(self.milliseconds), share)


async def run(spec: ClientsSpec) -> Answered:
    """Let all clients post until the time is over."""
    milliseconds: list[float] = []
    failures: list[str] = []
    loop = asyncio.get_running_loop()
    started = loop.time()
    requests = [_request(spec, number) for number in range(CONVERSATIONS)]

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(spec.host, spec.port)
        while (sent := loop.time()) < started + spec.seconds:
            writer.write(requests[number % CONVERSATIONS])
            async with asyncio.timeout(LONGEST_SECONDS):
                status = await _status(reader)
            if status == 202:
                milliseconds.append((loop.time() - sent) * 1000)
            else:
                failures.append(f"POST /v1/messages answered {status}")
            number += spec.clients
        writer.close()

    await asyncio.gather(*(client(number) for number in range(spec.clients)))
    return Answered(milliseconds=tuple(milliseconds), failures=tuple(failures), seconds=loop.time() - started)


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), 0)
    await reader.readexactly(length)
    return int(lines[0].split()[1])


def _request(spec: ClientsSpec, number: int) -> bytes:
    body = orjson.dumps(
        {"conversation_id": f"post-{number}", "sender": "customer", "message": workload.text_of(number)}
    )
    head = f"POST /v1/messages HTTP/1.1\r\nHost: {spec.host}:{spec.port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def main(spec_path: str, result_path: str) -> None:
    """Read the specification, run, write the answers."""
    spec = ClientsSpec.model_validate_json(Path(spec_path).read_bytes())
    Path(result_path).write_text(asyncio.run(run(spec)).model_dump_json())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
