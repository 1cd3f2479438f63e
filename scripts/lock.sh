#!/usr/bin/env bash
# Write the lock files: every package with its version and hashes, for Python 3.11 to 3.13 on Linux and macOS.
# `scripts/lock.sh` keeps what is locked and adds what pyproject.toml newly needs; `scripts/lock.sh --upgrade` takes
# the newest versions that pyproject.toml allows. Needs uv: on the PATH, or `pip install uv` in .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

uv="$(command -v uv || true)"
[[ -n "$uv" ]] || uv=".venv/bin/uv"
if [[ ! -x "$uv" ]]; then
  echo "lock.sh: uv is missing; run: .venv/bin/python -m pip install uv" >&2
  exit 2
fi

# No header and no origins: they would carry paths and addresses of the machine that made the lock.
# Extras stay in the lock, because pip asks for hashes of "package[extra]" too.
compile() {
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras \
    --no-emit-index-url --no-emit-find-links --no-emit-index-annotation "$@" >/dev/null
}

compile "$@" requirements/build.in --output-file requirements/build.txt
compile "$@" pyproject.toml --output-file requirements/run.txt
# The run lock is a constraint, so that tests meet the versions that production has.
compile "$@" pyproject.toml --extra dev --constraints requirements/run.txt --output-file requirements/dev.txt
# Yardsticks of the benchmarks have an environment of their own: Quix Streams bounds pydantic-settings below ours.
compile "$@" requirements/bench.in --output-file requirements/bench.txt
