"""A sound server in ten lines of asyncio: it greets whoever sends something."""

import asyncio
import os


async def serve(reader, writer):
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
