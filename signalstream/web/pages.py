"""What browsers load: the live page at ``/`` and the docs at ``/docs``, both without any address but our own."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from signalstream.errors import ConfigurationError
from signalstream.web.problems import ProblemError

PAGE_FILES = ("live.js", "live.css")
SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")
DOCS_FILES = ("docs.js",)
PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:"
# Swagger UI sets style attributes and draws icons from data: addresses; its scripts come from here all the same.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self' data:"
)
FRAMING = "; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


class PageFile(web.FileResponse):
    """A file that is written as any other answer is: the kernel's own way tells nobody that its reader stands still."""

    async def _sendfile(self, request: web.BaseRequest, fobj: IO[Any], offset: int, count: int) -> AbstractStreamWriter:
        writer = await web.StreamResponse.prepare(self, request)
        assert writer is not None
        return await self._sendfile_fallback(writer, fobj, offset, count)


class Pages:
    """Serves files of this package and of the package that carries Swagger UI, by name from closed lists."""

    def __init__(self) -> None:
        own = Path(str(files("signalstream.web").joinpath("static")))
        swagger = _folder_of("swagger_ui") / "static"
        self._index, self._docs = own / "index.html", own / "docs.html"
        self._page_files = {name: own / name for name in PAGE_FILES}
        self._docs_files = {name: own / name for name in DOCS_FILES} | {name: swagger / name for name in SWAGGER_FILES}

    async def page(self, _request: web.Request) -> PageFile:
        """Return the live page."""
        return _page(self._index, PAGE_POLICY)

    async def docs(self, _request: web.Request) -> PageFile:
        """Return the docs page."""
        return _page(self._docs, DOCS_POLICY)

    async def page_asset(self, request: web.Request) -> PageFile:
        """Return a script or style of the live page. Raises ProblemError (404)."""
        return _asset(self._page_files, request.match_info["name"])

    async def docs_asset(self, request: web.Request) -> PageFile:
        """Return a script or style of the docs. Raises ProblemError (404)."""
        return _asset(self._docs_files, request.match_info["name"])


def _page(path: Path, policy: str) -> PageFile:
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy + FRAMING,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-cache",
    }
    return PageFile(path, headers=headers)


def _asset(known: dict[str, Path], name: str) -> PageFile:
    if name not in known:
        raise ProblemError(404, "There is no such file. The page itself names those that there are.")
    # An hour: long enough to spare repeats, short enough that an upgrade is seen the same day.
    return PageFile(known[name], headers={"Cache-Control": "public, max-age=3600"})


def _folder_of(package: str) -> Path:
    """Return where an installed package is, without importing it: this one brings 6 MB of Jinja and YAML along."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ConfigurationError(f"the package {package} is not installed; install signalstream with what it requires")
    return Path(found.origin).parent
