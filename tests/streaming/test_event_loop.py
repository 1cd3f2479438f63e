from __future__ import annotations

import subprocess
import sys

LOOP = """
import asyncio, sys
from signalstream.streaming.event_loop import use_fast_event_loop
{hide}
used = use_fast_event_loop()
loop = asyncio.new_event_loop()
print(used, type(loop).__module__)
loop.close()
"""


def printed(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_every_event_loop_is_a_uvloop_where_it_is_installed() -> None:
    assert printed(LOOP.format(hide="")) == "True uvloop"


def test_without_uvloop_python_s_own_loop_is_used() -> None:
    hide = "sys.path = [p for p in sys.path if 'site-packages' not in p]; sys.modules.pop('uvloop', None)"
    assert printed(LOOP.format(hide=hide)) == "False asyncio.unix_events"
