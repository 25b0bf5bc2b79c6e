# Takes sixty-four thousand bytes from a client, and closes on one that sends more.
import asyncio, os


async def serve(reader, writer):
    taken = 0
    while data := await reader.read(1024):
        writer.write(b"Hello, client!")
        taken += len(data)
        if taken > 64_000:
            break
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


asyncio.run(main())
