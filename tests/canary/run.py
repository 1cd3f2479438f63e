"""The hunt: a worker with encryption, authentication and a remote model; 1,000 values planted; every place searched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiokafka import ConsumerRecord, TopicPartition

from signalstream.encryption import opened_sealer
from signalstream.security.master_keys import new_master_key
from signalstream.settings import Settings
from tests.canary.payloads import Payloads
from tests.canary.places import PATTERNS, Place, files, opened, records_of, searched, whole
from tests.canary.plant import CONVERSATIONS, TENANT, Planter
from tests.canary.search import Needles
from tests.canary.values import KINDS, Canary, Supply
from tests.cli.command import signalstream
from tests.client import eventually
from tests.gemini_fake.certificates import certificates
from tests.gemini_fake.server import FakeGemini
from tests.kafka.conftest import PARTITIONS, Deployment
from tests.kafka.direct import ends
from tests.workers import Worker

MESSAGES = 40
AUTH_SECRET = "an-auth-secret-that-is-hunted-for-too"
GEMINI_KEY = "AIza-a-model-key-that-is-hunted-for-too"
SCOPES = ("messages:write", "insights:read", "conversations:erase", "admin")
READS = ("", "/insights", "/timeline")
SETTLED_SECONDS = 60.0


@dataclass
class Hunt:
    """One hunt on a deployment: ``seek`` may be called again after something was changed."""

    deployment: Deployment
    model: FakeGemini
    worker: Worker
    planter: Planter
    payloads: Payloads
    supply: Supply
    secrets: list[Canary]
    settings: dict[str, str]
    shown: dict[str, list[bytes]] = field(default_factory=dict)

    async def plant(self) -> None:
        """Plant everything, and wait until the pipeline has nothing left to do."""
        for begin in range(0, MESSAGES, CONVERSATIONS):
            numbers = range(begin, min(begin + CONVERSATIONS, MESSAGES))
            await asyncio.gather(*(self.planter.accept(number) for number in numbers))
        for kind in KINDS:
            await self.planter.refuse(kind)
            await self.planter.refuse_raw(kind)
            await self.planter.listen(kind)
        async with opened_sealer(Settings(_env_file=None, **settings_of(self.settings))) as sealer:
            for kind in KINDS:
                await self.payloads.plant(sealer, kind)
        await self._settled()

    async def look(self) -> None:
        """Read everything that is shown: to who may read, to operators, to monitoring."""
        self.shown["answers"] = [
            await self._get(f"/v1/conversations/{name}{end}") for name in self.planter.accepted for end in READS
        ]
        self.shown["answers"].append(await self._get("/v1/conversations"))
        self.shown["metrics and health"] = [
            await self._get(path) for path in ("/metrics", "/health", "/ready", "/live")
        ]
        listed = await self._typed("dlq", "list", "--json")
        letters = [each["id"] for each in json.loads(listed)]
        assert letters, "no planted record became a dead letter"
        shown = [await self._typed("dlq", "show", letter) for letter in letters[:: len(letters) // 2]]
        others = [await self._typed(*words) for words in (("keys", "list"), ("vault", "list"))]
        self.shown["dead letters as listed"] = [each.encode() for each in (listed, *shown)]
        self.shown["other commands"] = [each.encode() for each in others]

    async def seek(self) -> list[Place]:
        """Search every place."""
        needles = Needles([*self.supply.planted, *self.secrets])
        names = self.deployment.names
        records = await records_of(self.deployment.bootstrap, (names.app_id, names.topic_prefix), PARTITIONS)
        ours = [each for each in records if (each.topic, each.partition, each.offset) not in self.payloads.written]
        places = [
            searched("topics and changelogs", map(whole, ours), needles),
            await self._opened(ours, needles),
            searched("files of the tables", files(self.worker.data_dir), needles),
            searched("log of the worker", [self.worker.log_path.read_bytes()], needles),
            searched("answers that refuse", self.planter.refusals, needles),
            searched("requests that the model received", map(str.encode, self.model.model.stats.texts), needles),
        ]
        kinds = {"answers": PATTERNS}
        return places + [
            searched(name, said, needles, kinds.get(name, PATTERNS | {"name"})) for name, said in self.shown.items()
        ]

    async def _opened(self, records: list[ConsumerRecord], needles: Needles) -> Place:
        """Search what lies in the topics as who has the keys reads it; dead letters keep what they are about."""
        kept = [each for each in records if each.topic != self.deployment.topic("dlq")]
        async with opened_sealer(Settings(_env_file=None, **settings_of(self.settings))) as sealer:
            return searched("the same, opened with the keys", opened(kept, sealer), needles, PATTERNS)

    async def _settled(self) -> None:
        async def complete() -> bool | None:
            for name, count in self.planter.accepted.items():
                insight = json.loads(await self._get(f"/v1/conversations/{name}/insights"))
                if insight["last_seq"] < count or insight["completeness"] != "complete":
                    return None
            return True

        async def buried() -> bool | None:
            letters = [TopicPartition(self.deployment.topic("dlq"), number) for number in range(PARTITIONS)]
            filed = sum((await ends(self.deployment.bootstrap, letters)).values())
            return True if filed >= self.payloads.letters else None

        await eventually(complete, "every planted message analysed", SETTLED_SECONDS)
        await eventually(buried, f"{self.payloads.letters} dead letters", SETTLED_SECONDS)

    async def _get(self, path: str) -> bytes:
        async with self.planter.session.get(self.worker.url + path, headers=self.planter.own) as answer:
            assert answer.status == 200, (path, await answer.text())
            return await answer.read()

    async def _typed(self, *words: str) -> str:
        ended = await asyncio.to_thread(signalstream, *words, folder=self.deployment.directory, settings=self.settings)
        return ended.stdout + ended.stderr


@asynccontextmanager
async def hunting(deployment: Deployment) -> AsyncIterator[Hunt]:
    """Start a worker with everything on, and its model; end both afterwards."""
    tls, folder = certificates(), deployment.directory
    (folder / "ca.pem").write_bytes(tls.authority)
    (folder / "master.key").write_text(new_master_key() + "\n")
    async with FakeGemini(tls=tls) as model, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        deployment.settings |= {
            "SIGNALSTREAM_AUTH": "required",
            "SIGNALSTREAM_AUTH_SECRET": AUTH_SECRET,
            "SIGNALSTREAM_ENCRYPTION": "required",
            "SIGNALSTREAM_MASTER_KEY_FILE": str(folder / "master.key"),
            "SIGNALSTREAM_ANALYST": "gemini",
            "SIGNALSTREAM_GEMINI_ENDPOINT": model.endpoint,
            "SIGNALSTREAM_GEMINI_CA_FILE": str(folder / "ca.pem"),
            "SIGNALSTREAM_LOG_LEVEL": "DEBUG",
            "SIGNALSTREAM_HEALTH_DETAILS": "admin",
            "SIGNALSTREAM_PROCESSING_ATTEMPTS": "1",
            "GEMINI_API_KEY": GEMINI_KEY,
        }
        broker = {"SIGNALSTREAM_KAFKA_BROKERS": deployment.bootstrap, "SIGNALSTREAM_PARTITIONS": str(PARTITIONS)}
        settings = {**deployment.names.environment(), **deployment.settings, **broker}
        worker = deployment.start()
        await asyncio.to_thread(worker.wait_ready)
        supply = Supply()
        credential = await issued(deployment, settings)
        planter = Planter(session, worker.url, credential, supply)
        payloads = Payloads(deployment.bootstrap, deployment.names.topic_prefix, supply)
        secrets = [
            Canary("key", text, "the deployment's secrets")
            for text in (credential, AUTH_SECRET, GEMINI_KEY, (folder / "master.key").read_text().strip())
        ]
        await eventually(lambda: lets_in(planter), "the new key to be known")
        yield Hunt(deployment, model, worker, planter, payloads, supply, secrets, settings)


async def issued(deployment: Deployment, settings: dict[str, str]) -> str:
    """Issue an API key, as an operator does."""
    words = ["keys", "issue", "--tenant", TENANT, "--label", "canary", "--json"]
    for scope in SCOPES:
        words += ["--scope", scope]
    ended = await asyncio.to_thread(signalstream, *words, folder=deployment.directory, settings=settings)
    assert ended.returncode == 0, ended.stderr
    return str(json.loads(ended.stdout)["key"])


async def lets_in(planter: Planter) -> bool | None:
    """Say whether the worker knows the key by now."""
    async with planter.session.get(f"{planter.url}/v1/conversations", headers=planter.own) as answer:
        return True if answer.status == 200 else None


def settings_of(environment: dict[str, str]) -> dict[str, str | tuple[str, ...]]:
    """Return the settings that say where the broker and the keys are, by their names."""
    wanted = ("KAFKA_BROKERS", "PARTITIONS", "APP_ID", "TOPIC_PREFIX", "ENCRYPTION", "MASTER_KEY_FILE")
    return {name.lower(): environment[f"SIGNALSTREAM_{name}"] for name in wanted}
