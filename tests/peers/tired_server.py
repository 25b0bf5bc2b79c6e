"""Serves any number of clients at a time, and ends with an error under the hundredth that comes, whatever that one does."""

import asyncio
import os
import sys

come = 0


async def serve(reader, writer):
    global come
    come += 1
    if come == 100:
        print("OSError: [Errno 9] Bad file descriptor", file=sys.stderr, flush=True)
        os._exit(1)
    try:
        while await reader.read(1024):
            writer.write(b"Hello, client!")
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


asyncio.run(main())
