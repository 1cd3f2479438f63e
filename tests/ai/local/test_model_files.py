"""Model files are found without importing their package, and are what they were when they were measured."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from signalstream.ai.local.model_files import MINILM, MINILM_TOKENIZER, ModelFile
from signalstream.errors import ModelUnavailableError


def installed(folder: Path, content: bytes) -> ModelFile:
    package = folder / "some_model"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "data" / "model.bin").write_bytes(content)
    return ModelFile("some_model", "data/model.bin", hashlib.sha256(b"weights").hexdigest())


def test_a_file_is_read_and_its_package_is_never_imported(tmp_path: Path) -> None:
    assert installed(tmp_path, b"weights").read([str(tmp_path)]) == b"weights"
    assert "some_model" not in sys.modules


def test_an_altered_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"model\.bin of some_model is altered.*reinstall"):
        installed(tmp_path, b"other weights").read([str(tmp_path)])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    file = installed(tmp_path, b"weights")
    (tmp_path / "some_model" / "data" / "model.bin").unlink()
    with pytest.raises(ModelUnavailableError, match=r"cannot read model\.bin of some_model.*reinstall"):
        file.read([str(tmp_path)])


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="some_model is not installed"):
        ModelFile("some_model", "model.bin", "").read([str(tmp_path)])


@pytest.mark.parametrize("file", [MINILM, MINILM_TOKENIZER], ids=["encoder", "tokenizer"])
def test_the_encoders_files_are_installed_unaltered(file: ModelFile) -> None:
    assert file.read()
