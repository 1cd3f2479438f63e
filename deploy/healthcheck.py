"""The container's health check: exits with 0 when this worker's ``/ready`` says 200, else with 1 and the reason."""

from __future__ import annotations

import http.client
import os
import sys

TIMEOUT_SECONDS = 4.0


def main() -> int:
    """Ask the worker in this container, past any proxy that the environment names."""
    port = int(os.environ.get("SIGNALSTREAM_PORT", "8000"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/ready")
        response = connection.getresponse()
        answer = response.read(500).decode(errors="replace")
    except OSError as error:
        sys.stdout.write(f"no answer on port {port}: {error}\n")
        return 1
    finally:
        connection.close()
    sys.stdout.write(f"{response.status} {answer}\n")
    return 0 if response.status == http.HTTPStatus.OK else 1


if __name__ == "__main__":
    sys.exit(main())
