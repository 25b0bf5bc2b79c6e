"""A sound HTTP server, and with an argument one that is slow, strict or without a bound.

  http_server.py BYTES     replies with so many bytes
  http_server.py slow      works a little for each request
  http_server.py batch     takes in all requests that have come, works on them, and replies to all together
  http_server.py unbounded reads on while a client does not read; answers 400 to what is no whole request
  http_server.py upgrade   answers an Upgrade only when more has come, and ends if the client is gone instead"""

import asyncio
import os
import sys
import time

ASKED = sys.argv[1]
COST = 0.0001
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODY = b"x" * (int(ASKED) if ASKED.isdigit() else 5)
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


def work(seconds):
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        pass


async def batch(reader, writer):
    taken = b""
    while data := await reader.read(1 << 20):
        taken += data
        try:
            while len(data) >= 1 << 16:
                data = await asyncio.wait_for(reader.read(1 << 20), 0.05)
                taken += data
        except asyncio.TimeoutError:
            pass
        number, taken = taken.count(REQUEST), taken[taken.rfind(b"\r\n\r\n") + 4 :]
        work(COST * number)
        writer.write(REPLY * number)
        await writer.drain()


async def answer(reader, writer):
    while True:
        request = await reader.readuntil(b"\r\n\r\n")
        if b"Upgrade" in request and ASKED == "upgrade":
            try:
                await reader.readexactly(1)
            except OSError:
                os._exit(1)
            return
        if request != REQUEST:
            writer.write(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")
            return
        if ASKED == "slow":
            work(COST)
        writer.write(REPLY * (4 if ASKED == "unbounded" else 1))
        if ASKED != "unbounded":
            await writer.drain()


async def serve(reader, writer):
    try:
        await (batch if ASKED == "batch" else answer)(reader, writer)
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def main():
    listener = await asyncio.start_server(serve, "127.0.0.1", int(os.environ["PORT"]), limit=1 << 20, backlog=128)
    await listener.serve_forever()


asyncio.run(main())
