"""The OpenAPI document taken at its word: whatever it allows and forbids is sent, and every answer is one of its own.

The cases are drawn from the document with a fixed seed, so that a run is the same as the one before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CHECKS, load_all_checks

from signalstream.core.keys import ConversationKey
from signalstream.models.conversation import ConversationView
from signalstream.models.intelligence import Insight
from signalstream.models.messages import OriginalMessage
from signalstream.models.windows import Timeline
from signalstream.security.principal import SCOPES
from signalstream.web.openapi import openapi
from signalstream.web.routes import ROUTES, Route
from signalstream.web.services import WebServices
from tests.fakes import FakeReader
from tests.web.guarded import Guarded, guarded_settings
from tests.web.insights import insight, update
from tests.web.test_conversations import view

pytestmark = pytest.mark.slow
SHOWN = [route for route in ROUTES if not route.page]
# What is drawn is no receipt that was given, and another's tenant.
INVENTED = {"getErasure": 404, "eraseTenant": 403}
CHECKED = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "allow_header_conformance",
]  # fmt: skip


@dataclass
class Everything(FakeReader):
    """Tables in which every conversation is: so that good answers are seen too, not only 404."""

    def insight(self, key: ConversationKey) -> Insight | None:
        return insight(3, key)

    def conversation(self, key: ConversationKey, limit: int) -> ConversationView | None:
        return view(min(limit, 3)).model_copy(update=key._asdict())

    def timeline(self, key: ConversationKey) -> Timeline | None:
        return Timeline(**key._asdict(), window_seconds=300, windows=())


class EveryOriginal:
    """Keeps the original of each message."""

    async def read(self, key: ConversationKey, message_id: UUID, actor: str) -> OriginalMessage | None:
        return OriginalMessage(message_id=message_id, conversation_id=key.conversation_id, message="m")


class Knowing(Guarded):
    """A site that has whatever it is asked for."""

    def services(self) -> WebServices:
        return replace(super().services(), originals=EveryOriginal())


@dataclass
class Served:
    """A site in an event loop of its own, and credentials for it."""

    world: Guarded = field(
        default_factory=lambda: Knowing(
            settings=guarded_settings(refused_credentials_per_minute=0),  # or all of it would be a 429 soon
            reader=Everything(),
        )
    )
    url: str = ""

    def run(self, ready: Future[None], done: asyncio.Event) -> None:
        async def serve() -> None:
            async with self.world.served() as client:
                self.url = str(client.make_url("")).rstrip("/")
                ready.set_result(None)
                await done.wait()

        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(serve())
        self.loop.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    site, ready, done = Served(), Future[None](), asyncio.Event()
    for revision in range(1, 8):
        site.world.live.apply(update(revision, ConversationKey("acme", f"c-{revision}")))
    thread = threading.Thread(target=site.run, args=(ready, done))
    thread.start()
    ready.result(timeout=30)
    yield site
    site.loop.call_soon_threadsafe(done.set)
    thread.join(timeout=30)


def tried(served: Served, route: Route, mode: GenerationMode, headers: dict[str, str], ours: bool) -> set[int]:
    """Send what the document allows (or forbids) to a route, check each answer, return the statuses.

    With ``ours`` no request names a tenant: a drawn one is that of somebody else, and everything would be a 403.
    """
    operation = schemathesis.openapi.from_dict(openapi())[route.path][route.method]
    statuses: set[int] = set()
    load_all_checks()
    checks = CHECKS.get_by_names(CHECKED)

    with requests.Session() as session:

        @settings(
            max_examples=drawn(route),
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=[*HealthCheck],
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def law(case: Case) -> None:
            for part in (case.query, case.body):
                if ours and isinstance(part, dict):
                    part.pop("tenant_id", None)
            answer = case.call(base_url=served.url, session=session, headers=headers, timeout=10)
            case.validate_response(answer, checks=checks)
            say_nothing_of_the_inside(answer)
            statuses.add(answer.status_code)

        law()
    return statuses


def say_nothing_of_the_inside(answer: Response) -> None:
    text = answer.content.decode(errors="replace")
    assert "Traceback" not in text
    assert '.py"' not in text
    assert "site-packages" not in text


def drawn(route: Route) -> int:
    """Return how many requests to draw: the more there is to vary, the more."""
    return 60 if route.body else 30 if route.parameters else 5


def good(route: Route) -> int:
    if route.is_socket:
        return 426  # a stream needs more than HTTP can say
    return INVENTED.get(route.operation, route.status)


@pytest.mark.parametrize("route", SHOWN, ids=lambda route: route.operation)
def test_what_the_document_allows_gets_an_answer_that_it_describes(served: Served, route: Route) -> None:
    statuses = tried(served, route, GenerationMode.POSITIVE, served.world.key(*SCOPES), ours=True)
    assert good(route) in statuses
    assert statuses <= {good(route), 304, 422}


@pytest.mark.parametrize("route", SHOWN, ids=lambda route: route.operation)
def test_what_the_document_forbids_gets_a_problem_that_it_describes(served: Served, route: Route) -> None:
    statuses = tried(served, route, GenerationMode.NEGATIVE, served.world.key(*SCOPES), ours=True)
    assert not route.parameters or statuses & {400, 401, 422}


@pytest.mark.parametrize("route", [route for route in SHOWN if route.scope], ids=lambda route: route.operation)
def test_who_has_no_credential_or_not_its_scope_is_refused_whatever_is_sent(served: Served, route: Route) -> None:
    lacking = served.world.key(*(SCOPES - {str(route.scope)}))
    assert tried(served, route, GenerationMode.POSITIVE, lacking, ours=False) == {403}
    without = tried(served, route, GenerationMode.POSITIVE, {}, ours=False)
    assert without == ({401, 422, 426} & without if route.is_socket else {401})
