"""Accepts a client, and when it has heard all that there is to hear of it, says how it ended, keeps its socket, and waits
for the next. With `keepalive` the kernel asks now and then whether the client is still there."""

import os
import socket
import sys

kept = []
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
while True:
    client, _ = listener.accept()
    kept.append(client)
    if "keepalive" in sys.argv:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    try:
        while client.recv(1024):
            pass
        print("ended", flush=True)
    except OSError:
        print("reset", flush=True)
