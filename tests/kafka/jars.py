"""Apache Kafka's jars, brought once by Maven into ``target/`` beside the pom, under the hash of the pom."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

POM = Path(__file__).parent / "pom.xml"
TARGET = Path(__file__).parent / "target"
LEAST_JAVA = 17
DOWNLOAD_SECONDS = 280


class KafkaUnavailableError(RuntimeError):
    """Java, Maven or the jars are missing; the message says which, and what to do."""


def jars_directory() -> Path:
    """Return where the jars of this pom are, or will be."""
    return TARGET / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:16]}"


def java_command() -> str:
    """Return Java's executable: that of JAVA_HOME, else the one on the path."""
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").is_file():
        return str(Path(home) / "bin" / "java")
    found = shutil.which("java")
    if found is None:
        raise KafkaUnavailableError(f"java is not on the PATH; install Java {LEAST_JAVA} or newer (a JRE is enough)")
    return found


def why_unavailable() -> str | None:
    """Return what is missing for an Apache Kafka on this machine, or None when nothing is."""
    try:
        shown = subprocess.run([java_command(), "-version"], capture_output=True, text=True, check=False, timeout=30)
    except (KafkaUnavailableError, OSError) as error:
        return str(error)
    version = re.search(r'version "(\d+)', shown.stderr + shown.stdout)
    if version is None or int(version[1]) < LEAST_JAVA:
        return f"java is older than {LEAST_JAVA}, which Apache Kafka 4 needs; install Java {LEAST_JAVA} or newer"
    if not jars_directory().is_dir() and shutil.which("mvn") is None:
        return "mvn is not on the PATH, and Apache Kafka's jars were not fetched yet; install Maven"
    return None


def kafka_jars() -> Path:
    """Return the directory of jars; the first call on a machine fetches about 43 MB. Safe to call at once."""
    directory = jars_directory()
    if directory.is_dir():
        return directory
    TARGET.mkdir(exist_ok=True)
    with (TARGET / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.is_dir():
            _fetch(directory)
    return directory


def _fetch(directory: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaUnavailableError("mvn is not on the PATH; install Maven, which fetches Apache Kafka's jars")
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        jars = Path(scratch) / "jars"
        command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={jars}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DOWNLOAD_SECONDS)
        if done.returncode != 0 or not any(jars.glob("kafka_*.jar")):
            output = (done.stdout + done.stderr)[-2000:]
            raise KafkaUnavailableError(
                f"Maven could not fetch Apache Kafka (exit {done.returncode}); check its settings and the network, "
                f"then run: mvn -f {POM} dependency:copy-dependencies\n{output}"
            )
        jars.rename(directory)
