"""Post a conversation and print its insight as it changes, over a WebSocket that comes back by itself.

    python examples/stream_conversation.py [--url http://127.0.0.1:8000] [--conversation my-example]

Needs aiohttp and a running SignalStream, for example `make run`. Where credentials are wanted it takes an API key or a
token from the environment variable API_KEY. Ends with 0 once the last message is analysed.
"""

import argparse
import asyncio
import contextlib
import os
import random
import sys
from urllib.parse import quote

import aiohttp

MESSAGES = (
    ("customer", "Hi, I was charged twice for invoice 2041. Can you check? My e-mail is kim.osei@example.com"),
    ("agent", "Sorry about that! I see both charges and have refunded the second one."),
    ("customer", "That was quick, thank you so much!"),
)
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 20.0


async def post(session, url, body, key):
    """Post one message until it is accepted. The key makes a repeat the same message, so trying again is safe."""
    for wait in waits():
        try:
            async with session.post(f"{url}/v1/messages", json=body, headers={"Idempotency-Key": key}) as response:
                if response.status == 202:
                    return (await response.json())["message_id"]
                if response.status < 500:
                    sys.exit(f"refused with {response.status}: {await response.text()}")
        except aiohttp.ClientError as error:
            print(f"cannot post ({error}), trying again")
        await asyncio.sleep(wait)
    raise AssertionError("unreachable: the pauses have no end")


async def updates(session, url, conversation):
    """Yield insights for ever. After a broken connection, go on after the last one that was seen."""
    address, last_event_id = f"{url}/ws/conversations/{quote(conversation, safe='')}/stream", None
    pause = waits()
    while True:
        try:
            params = {"last_event_id": last_event_id} if last_event_id else {}
            async with session.ws_connect(address, params=params, heartbeat=30) as socket:
                async for frame in socket:
                    event = frame.json()
                    if event["type"] == "intelligence_update":
                        last_event_id, pause = event["id"], waits()
                        yield event["data"]
            if (socket.close_code or 0) > 4400:
                sys.exit(f"the credential was refused with {socket.close_code}; docs/API_GUIDE.md says why")
            reason = f"closed with {socket.close_code}"
        except aiohttp.WSServerHandshakeError as error:
            if error.status < 500:
                sys.exit(f"the stream was refused with {error.status}")
            reason = f"answered {error.status}"
        except aiohttp.ClientError as error:
            reason = str(error)
        wait = next(pause)
        print(f"stream {reason}; again in {wait:.1f} s, after update {last_event_id}")
        await asyncio.sleep(wait)


def waits():
    """Yield pauses in seconds: doubled each time up to a limit, at random so that clients do not return together."""
    longest = FIRST_WAIT_SECONDS
    while True:
        yield random.uniform(longest / 2, longest)
        longest = min(2 * longest, LONGEST_WAIT_SECONDS)


def line(insight):
    """Return an insight on one line; what no agent has found out yet is a dash."""
    sentiment, found = insight["sentiment"] or {}, insight["insights"] or {}
    pii = ", ".join(sorted({entity["type"] for entity in (insight["pii"] or {}).get("entities", [])}))
    cells = [sentiment.get("sentiment"), sentiment.get("emotion"), found.get("urgency"), found.get("intent"), pii]
    told = " | ".join(cell or "-" for cell in cells)
    return f"update {insight['revision']}, message {insight['last_seq']} {insight['completeness']}: {told}"


async def main(url, conversation):
    """Watch the conversation while posting it, and end when the last message has a complete insight."""
    headers = {"Authorization": f"Bearer {os.environ['API_KEY']}"} if os.environ.get("API_KEY") else {}
    async with aiohttp.ClientSession(headers=headers) as session:
        stream = updates(session, url, conversation)
        posting = asyncio.create_task(post_all(session, url, conversation))
        async with contextlib.aclosing(stream):
            async for insight in stream:
                print(line(insight))
                if insight["completeness"] == "complete" and insight["last_seq"] >= len(MESSAGES):
                    break
        await posting
        print("in short:", insight["summary"]["tldr"] if insight["summary"] else "-")


async def post_all(session, url, conversation):
    """Post every message, a second apart as people do."""
    for number, (sender, text) in enumerate(MESSAGES, 1):
        body = {"conversation_id": conversation, "sender": sender, "message": text}
        message_id = await post(session, url, body, f"{conversation}-{number}")
        print(f"accepted {number}: {message_id}")
        await asyncio.sleep(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where SignalStream listens")
    parser.add_argument("--conversation", default=f"example-{random.randrange(16**6):06x}", help="its id")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(options.url.rstrip("/"), options.conversation))
