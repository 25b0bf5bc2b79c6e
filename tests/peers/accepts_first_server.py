"""Sound, with a limit: it serves 32 clients, and closes the connection of a further one. It accepts before it looks at
the clients that it has, and so turns one away that comes while those are about to go."""

import os
import select
import socket
import time

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
clients = set()
while True:
    select.select([listener, *clients], [], [])
    time.sleep(0.003)  # so that what comes now is seen in this pass
    ready = select.select([listener, *clients], [], [], 0)[0]
    if listener in ready:
        client, _ = listener.accept()
        if len(clients) < 32:
            clients.add(client)
        else:
            client.close()
    for client in clients.intersection(ready):
        try:
            message = client.recv(1024)
            if message:
                client.send(b"Hello, client!")
        except ConnectionError:
            message = b""
        if not message:
            client.close()
            clients.discard(client)
