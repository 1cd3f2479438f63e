"""``python -m tests.kafka``: an Apache Kafka on this machine's loopback until Ctrl-C; what it held is gone then."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

from tests.kafka.broker import KafkaBroker, KafkaStartError
from tests.kafka.jars import KafkaUnavailableError, why_unavailable


def stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kafka", description=__doc__)
    parser.add_argument("--port", type=int, default=9092, help="port on 127.0.0.1 (default: 9092)")
    port = parser.parse_args().port
    signal.signal(signal.SIGTERM, stop)
    if (reason := why_unavailable()) is not None:
        sys.stderr.write(f"{reason}\n")
        return 2
    broker = KafkaBroker(port=port)
    try:
        broker.start()
        sys.stdout.write(f"Apache Kafka answers on {broker.bootstrap}; Ctrl-C ends it\n")
        sys.stdout.flush()
        signal.pause()
    except (KafkaStartError, KafkaUnavailableError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stdout.write("stopping\n")
    finally:
        broker.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
