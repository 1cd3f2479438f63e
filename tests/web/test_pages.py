from __future__ import annotations

import re
import subprocess
import sys

import pytest
from aiohttp.test_utils import TestClient

from signalstream.web.routes import ROUTES

ADDRESS = re.compile(r"(?:https?:)?//[\w-]+\.[\w.-]+")


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_a_page_loads_nothing_from_elsewhere_and_says_so_to_the_browser(client: TestClient, path: str) -> None:
    async with client.get(path) as answer:
        text = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
        assert (answer.status, answer.content_type) == (200, "text/html")
    assert ADDRESS.findall(text) == []
    assert "default-src 'none'; script-src 'self';" in policy
    assert "http" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_all_that_a_page_loads_is_there_and_may_be_kept_a_while(client: TestClient, path: str) -> None:
    async with client.get(path) as answer:
        loaded = re.findall(r'(?:src|href)="((?:docs/)?static/[^"]+)"', await answer.text())
    assert len(loaded) >= 2
    for name in loaded:
        async with client.get(f"/{name}") as answer:
            assert answer.status == 200
            assert "max-age" in answer.headers["Cache-Control"]
            tag = answer.headers["ETag"]
        async with client.get(f"/{name}", headers={"If-None-Match": tag}) as again:
            assert again.status == 304


async def test_a_page_runs_no_script_that_stands_in_it(client: TestClient) -> None:
    for path in ("/", "/docs"):
        async with client.get(path) as answer:
            text = await answer.text()
        assert re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|<style|\sstyle=", text) is None


async def test_our_own_scripts_name_no_other_server_and_set_no_markup(client: TestClient) -> None:
    for path in ("/static/live.js", "/static/live.css", "/docs/static/docs.js"):
        async with client.get(path) as answer:
            text = await answer.text()
        assert ADDRESS.findall(text) == []
        assert re.search("innerHTML|outerHTML|insertAdjacentHTML|document.write|eval", text) is None


async def test_the_page_names_every_route_of_the_api(client: TestClient) -> None:
    async with client.get("/") as answer:
        text = await answer.text()
    api = [route.path.replace("{conversation_id}", "{id}") for route in ROUTES if not route.page]
    assert [path for path in api if path not in text and path.lstrip("/") not in text] == []


@pytest.mark.parametrize("path", ["/static/index.html", "/static/..%2Fsite.py", "/docs/static/swagger-editor.js"])
async def test_only_what_the_pages_need_is_served(client: TestClient, path: str) -> None:
    async with client.get(path) as answer:
        assert (answer.status, answer.content_type) == (404, "application/problem+json")


def test_the_docs_files_are_found_without_what_their_package_imports() -> None:
    code = "import sys; from signalstream.web.pages import Pages; Pages(); print('jinja2' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "False"
