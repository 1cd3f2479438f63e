from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from signalstream.web.problems import ProblemError
from signalstream.web.sockets import OpenSockets


async def test_once_the_shutdown_has_begun_nobody_is_admitted() -> None:
    sockets = OpenSockets()
    sockets.admit()
    await sockets.close_all()
    with pytest.raises(ProblemError) as raised:
        sockets.admit()
    assert (raised.value.status, raised.value.word) == (503, "shutting-down")
    assert "Retry-After" in raised.value.headers


async def test_a_socket_that_was_upgraded_while_the_shutdown_began_is_closed_too() -> None:
    sockets = OpenSockets()

    async def slow_upgrade(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=0.1)
        sockets.admit()
        await sockets.close_all()
        await socket.prepare(request)
        async with sockets.holding(socket):
            await socket.receive()
        return socket

    application = web.Application()
    application.router.add_get("/", slow_upgrade)
    async with TestClient(TestServer(application)) as client, client.ws_connect("/") as socket:
        assert (await socket.receive(timeout=2)).data == 1001
