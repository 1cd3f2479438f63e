"""``python -m tests.gemini_fake``: the stand-in in its own process. Prints its ports as JSON, at its end its stats."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

from tests.gemini_fake.certificates import certificates
from tests.gemini_fake.faults import FaultMix
from tests.gemini_fake.model import FakeModel
from tests.gemini_fake.quota import Quota
from tests.gemini_fake.server import STREAMS, FakeGemini, Ports


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.gemini_fake", description=__doc__)
    parser.add_argument("--grpc-port", type=int, default=0)
    parser.add_argument("--tls-port", type=int, default=0)
    parser.add_argument("--http-port", type=int, default=0)
    parser.add_argument("--ca-out", type=Path, help="also serve gRPC with TLS; write the authority's certificate here")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=RATE", help="may be given several times")
    parser.add_argument("--latency", type=float, nargs=2, default=(0.0, 0.0), metavar="SECONDS")
    parser.add_argument("--slow-rate", type=float, default=0.0, help="share of answers that take --slow instead")
    parser.add_argument("--slow", type=float, nargs=2, default=(2.0, 5.0), metavar="SECONDS")
    parser.add_argument("--retry-after", type=float, default=1.0, help="seconds that rate_limit and unavailable name")
    parser.add_argument("--rpm", type=int, help="quota: requests in any 60 seconds")
    parser.add_argument("--thought-tokens", type=int, default=0)
    parser.add_argument("--streams", type=int, default=STREAMS, help="calls at once on one connection")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--lifetime", type=float, default=300.0, help="end after so many seconds")
    return parser.parse_args()


def model_of(wanted: argparse.Namespace) -> FakeModel:
    rates = {name: float(rate) for name, _, rate in (fault.partition("=") for fault in wanted.fault)}
    mix = FaultMix(
        rates, wanted.retry_after, tuple(wanted.latency), wanted.slow_rate, tuple(wanted.slow), seed=wanted.seed
    )
    return FakeModel(mix, Quota(wanted.rpm), wanted.thought_tokens)


async def serve(wanted: argparse.Namespace) -> None:
    tls = certificates() if wanted.ca_out else None
    if tls is not None:
        wanted.ca_out.write_bytes(tls.authority)
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    model = model_of(wanted)
    ports = Ports(wanted.grpc_port, wanted.tls_port, wanted.http_port)
    async with FakeGemini(model, tls, ports, wanted.streams) as fake:
        say(fake.ports._asdict())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), wanted.lifetime)
        say(model.stats.report(model.quota.seconds))


def say(what: object) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{json.dumps(what)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
