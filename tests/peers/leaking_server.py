"""A thread for each client, which closes at the end of the stream, and forgets to after an error: a descriptor is lost with
each reset. With `lingers` it closes after an error, too, and only half a second later."""

import os
import socket
import sys
import threading
import time

kept = []


def serve(client):
    try:
        while client.recv(1024):
            client.sendall(b"Hello, client!")
    except OSError:
        if "lingers" not in sys.argv:
            kept.append(client)
            return
        time.sleep(0.5)
    client.close()


listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
while True:
    try:
        client = listener.accept()[0]
    except OSError:
        time.sleep(1)
        continue
    threading.Thread(target=serve, args=(client,), daemon=True).start()
