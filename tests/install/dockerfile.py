"""A Dockerfile's steps in a plain folder, for machines without a container engine.

Every ``RUN`` runs in a shell, every ``COPY`` copies (the context is what .dockerignore leaves), ``ENV`` and
``WORKDIR`` hold, and absolute paths are moved below one folder, which is emptied for each stage: what a later stage
forgets to copy is missing. ``FROM`` becomes a virtual environment of this Python.

What this does NOT check: that the base image exists and what it holds, ``USER`` and file owners, volumes, ports,
the image's size, and any path that a program makes up itself. An instruction that is not known here is an error.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

NOTED = {"USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
# How the build reaches its package index is the machine's affair, as the network of a container engine is.
NETWORK = re.compile(r"(PIP_(CERT|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS)|SSL_CERT_.*|\w+_proxy)$", re.IGNORECASE)
ABSOLUTE = re.compile(r"(?<![\w./*-])/(?!/|dev/)")


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield (name, rest) of every instruction, continued lines joined, comments left out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, rest = line.strip().partition(" ")
        yield name.upper(), rest.strip()


def context_files(repository: Path, ignore: str) -> list[Path]:
    """Return the files that .dockerignore leaves to the build; the last pattern that matches decides."""
    rules = [line.strip() for line in ignore.splitlines() if line.strip() and not line.startswith("#")]
    kept = []
    for path in sorted(repository.rglob("*")):
        relative = path.relative_to(repository)
        if path.is_file() and relative.parts[0] not in {".git", ".venv"} and _kept(relative, rules):
            kept.append(relative)
    return kept


def _kept(path: Path, rules: list[str]) -> bool:
    names = [str(path), *map(str, path.parents)]
    kept = True
    for rule in rules:
        pattern = re.escape(rule.removeprefix("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(pattern, name) for name in names):
            kept = rule.startswith("!")
    return kept


@dataclass
class PlainImage:
    """The result of the last stage, and the folder that stands for the container's root."""

    context: Path
    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    stages: dict[str, Path] = field(default_factory=dict)
    stage: str = ""
    noted: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """Return the folder that stands for ``/``; the same for all stages, so that paths stay true."""
        return self.folder / "root"

    def here(self, path: str) -> Path:
        """Return where a path of the container is on this machine."""
        return self.root / (Path(self.workdir) / path).relative_to("/")

    def moved(self, text: str) -> str:
        """Return text with its absolute paths moved below the root."""
        return ABSOLUTE.sub(f"{self.root}/", text)

    def command(self, instruction: str) -> list[str]:
        """Return the command of an ENTRYPOINT or a HEALTHCHECK in JSON form, its paths moved."""
        return [self.moved(word) for word in json.loads(self.noted[instruction][self.noted[instruction].index("[") :])]

    def build(self, dockerfile: str) -> None:
        """Do every step. Raises AssertionError with the step and its output when one fails."""
        for name, rest in instructions(dockerfile):
            if name in NOTED:
                self.noted[name] = rest
            else:
                step = {"FROM": self._from, "ENV": self._env, "WORKDIR": self._workdir, "COPY": self._copy,
                        "RUN": self._run}[name]  # fmt: skip
                step(rest)

    def _from(self, rest: str) -> None:
        if self.root.exists():
            kept = self.stages[self.stage] = self.folder / f"stage-{len(self.stages)}"
            self.root.rename(kept)
        words = rest.split()
        self.stage = words[2] if len(words) == 3 else ""
        self.workdir, self.noted = "/", {}
        base = self.root / "usr" / "local"
        subprocess.run([sys.executable, "-m", "venv", str(base)], check=True, timeout=120)
        network = {name: value for name, value in os.environ.items() if NETWORK.match(name)}
        self.env = {**network, "PATH": f"{base}/bin:/usr/bin:/bin", "HOME": str(self.root)}

    def _env(self, rest: str) -> None:
        for pair in shlex.split(rest):
            name, _, value = pair.partition("=")
            self.env[name] = re.sub(r"\$(\w+)", lambda used: self.env[used[1]], self.moved(value))

    def _workdir(self, rest: str) -> None:
        self.workdir = rest
        self.here(".").mkdir(parents=True, exist_ok=True)

    def _copy(self, rest: str) -> None:
        words = rest.split()
        options = dict(word.removeprefix("--").split("=") for word in words if word.startswith("--"))
        *sources, target = [word for word in words if not word.startswith("--")]
        origin = self.stages[options["from"]] if "from" in options else self.context
        destination = self.here(target)
        for source in sources:
            found = origin / source.lstrip("/")
            assert found.exists(), f"COPY {rest}: {source} is not there; is it left out by .dockerignore?"
            self._copy_one(found, destination, as_folder=target.endswith("/"))

    def _copy_one(self, found: Path, destination: Path, *, as_folder: bool) -> None:
        if found.is_dir():
            shutil.copytree(found, destination, symlinks=True, dirs_exist_ok=True)
            return
        destination = destination / found.name if as_folder else destination
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(found, destination)

    def _run(self, rest: str) -> None:
        done = subprocess.run(
            ["sh", "-e", "-c", self.moved(rest)], cwd=self.here("."), env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=280,
        )  # fmt: skip
        assert done.returncode == 0, f"RUN {rest} ended with {done.returncode}:\n{done.stdout[-3000:]}"
