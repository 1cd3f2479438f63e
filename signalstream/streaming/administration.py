"""A client that administers the brokers: connected or refused in bounded time, with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.errors import KafkaError

from signalstream.settings import Settings
from signalstream.streaming.clients import connection
from signalstream.streaming.refusal import refusal

CONNECT_SECONDS = 5.0  # and half as long to find out why not


@asynccontextmanager
async def connected_admin(settings: Settings) -> AsyncIterator[Any]:
    """Give a connected admin client and close it.

    Raises BrokerUnavailableError when none answers in time, ConfigurationError when waiting would not help: the
    password, the authority or a right is not the one that the brokers want.
    """
    kafka = connection(settings)
    admin = kafka.admin(client_id="signalstream-admin")
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await admin.start()
    except asyncio.CancelledError:
        await admin.close()
        raise
    except Exception as error:  # aiokafka's SASL raises more than KafkaError
        await admin.close()
        raise await refusal(kafka, error) from error
    try:
        yield admin
    except KafkaError as error:
        advertised = [(each.host, each.port) for each in admin._client.cluster.brokers()]
        raise await refusal(kafka, error, advertised) from error
    finally:
        await admin.close()
