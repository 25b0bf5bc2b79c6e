"""Echoes line by line: what has no end of line is not answered. With words, those are the answer to every line."""

import asyncio
import os
import sys


async def serve(reader, writer):
    try:
        while line := await reader.readline():
            if not line.endswith(b"\n"):
                break
            writer.write(" ".join(sys.argv[1:]).encode() or line)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


asyncio.run(main())
