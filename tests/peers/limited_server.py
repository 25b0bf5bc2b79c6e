"""Serves so many clients at a time as its argument says, and closes one more at once."""

import asyncio
import os
import sys

clients = 0


async def serve(reader, writer):
    global clients
    clients += 1
    try:
        while clients <= int(sys.argv[1]) and await reader.read(1024):
            writer.write(b"Hello, client!")
            await writer.drain()
    except OSError:
        pass
    finally:
        clients -= 1
        writer.close()


async def main():
    listener = await asyncio.start_server(serve, "127.0.0.1", int(os.environ["PORT"]), backlog=128)
    await listener.serve_forever()


asyncio.run(main())
