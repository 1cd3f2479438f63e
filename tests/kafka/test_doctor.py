"""The doctor on Apache Kafka: nothing to say of a healthy deployment, and the right thing of each broken one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from tests.cli.command import COMMAND
from tests.client import eventually
from tests.kafka.conftest import Deployment, client_of
from tests.kafka.direct import administering

pytestmark = pytest.mark.kafka
Findings = dict[str, dict[str, Any]]


async def test_the_doctor_tells_a_healthy_deployment_from_a_stopped_one_and_from_one_without_a_topic(
    on_kafka: Deployment, session: aiohttp.ClientSession
) -> None:
    worker = on_kafka.start(commit_interval_seconds="0.5")
    await asyncio.to_thread(worker.wait_ready)
    client = client_of(session, worker)
    await client.post("seen", "hello")
    await client.complete("seen", 1)

    async def healthy() -> Findings | None:
        code, findings = await doctor(on_kafka)
        return findings if code == 0 and {each["level"] for each in findings.values()} == {"ok"} else None

    findings = await eventually(healthy, "a deployment without a fault", seconds=60)
    group, url = f"group {on_kafka.names.app_id}-pii", worker.url
    assert "members: 1, records waiting: 0" in findings[group]["found"]
    assert url in findings["worker"]["found"]
    assert "windows: 0,1,2,3" in findings["data directory"]["found"]

    sentiment = on_kafka.names.app_id + "-sentiment"
    assert await asyncio.to_thread(worker.terminate) == 0
    core = on_kafka.start(roles="core")
    await asyncio.to_thread(core.wait_ready)
    await client_of(session, core).post("seen", "is anybody there?")

    async def waiting() -> Findings | None:
        code, findings = await doctor(on_kafka)
        return findings if "records waiting: 1" in findings[f"group {sentiment}"]["found"] and code == 1 else None

    findings = await eventually(waiting, "a turn that waits for nobody", seconds=60)
    assert findings[f"group {sentiment}"]["level"] == "fail"
    assert "start a worker with the role sentiment" in findings[f"group {sentiment}"]["remedy"]
    assert findings[f"group {on_kafka.names.app_id}"]["level"] == "ok"

    assert await asyncio.to_thread(core.terminate) == 0
    async with administering(on_kafka.bootstrap) as admin:
        await admin.delete_topics([on_kafka.topic("ai.pii")])
    code, findings = await doctor(on_kafka)
    assert code == 1
    assert on_kafka.topic("ai.pii") in findings["missing topics"]["found"]


async def doctor(deployment: Deployment) -> tuple[int | None, Findings]:
    """Run it as the deployment's first worker's operator; return its code and its findings by their check."""
    worker = deployment.workers[0]
    process = await asyncio.create_subprocess_exec(
        COMMAND, "doctor", "--json", env=worker.environment() | {"SIGNALSTREAM_PORT": str(worker.port)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(40):
        out, err = await process.communicate()
    assert out, err.decode()
    listed = json.loads(out)
    return process.returncode, {each["check"]: each for each in listed}
