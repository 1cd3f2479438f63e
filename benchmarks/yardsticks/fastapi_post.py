"""A POST with FastAPI and aiokafka that does less: ``python -m`` this module runs it, where ``fastapi`` is installed.

It validates the same body by a model and waits for the broker's acknowledgement. No redaction, no deduplication, no
encryption, no limits, no problem documents.
"""
# mypy: disable-error-code="import-not-found,untyped-decorator,misc,unused-ignore"

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

import orjson
import uvicorn
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from pydantic import BaseModel, Field

from benchmarks.yardsticks.job import Place, place


class Body(BaseModel):
    """What a client posts."""

    conversation_id: str = Field(min_length=1, max_length=128)
    sender: Literal["customer", "agent"]
    message: str = Field(min_length=1, max_length=10_000)


class Receipt(BaseModel):
    """What it is answered."""

    message_id: str
    conversation_id: str


def application(where: Place) -> Any:
    """Return the application; its producer lives as long as it does."""
    producers: list[Any] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AIOKafkaProducer(bootstrap_servers=where.brokers, acks="all", linger_ms=0) as producer:
            producers.append(producer)
            yield

    app = FastAPI(lifespan=lifespan)

    async def accept(body: Body) -> Receipt:
        receipt = Receipt(message_id=str(uuid4()), conversation_id=body.conversation_id)
        at = datetime.now(UTC).isoformat()
        value = orjson.dumps({**body.model_dump(), **receipt.model_dump(), "written_at": at, "received_at": at})
        await producers[0].send_and_wait(where.topic("raw"), value, key=body.conversation_id.encode())
        return receipt

    async def live() -> dict[str, str]:
        return {"status": "ok"}

    app.post("/v1/messages", status_code=202)(accept)
    app.get("/live")(live)
    return app


def main() -> None:
    """Serve on loopback until the process is told to end."""
    port = int(os.environ["YARDSTICK_PORT"])
    uvicorn.run(application(place()), host="127.0.0.1", port=port, log_level="warning", loop="uvloop")


if __name__ == "__main__":
    main()
