"""A sound server on selectors: it greets whoever sends something."""

import os
import selectors
import socket

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
listener.setblocking(False)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
unsent = {}
full = False


def accept():
    global full
    try:
        client, _ = listener.accept()
    except (BlockingIOError, ConnectionError):
        return
    except OSError:
        # No descriptor is left. Until a client leaves, the others wait in the queue.
        full = True
        selector.unregister(listener)
        return
    client.setblocking(False)
    unsent[client] = b""
    selector.register(client, selectors.EVENT_READ)


def leave(client):
    global full
    selector.unregister(client)
    client.close()
    del unsent[client]
    if full:
        full = False
        selector.register(listener, selectors.EVENT_READ)


def serve(client):
    try:
        if not unsent[client]:
            if not client.recv(1024):
                return leave(client)
            unsent[client] = b"Hello, client!"
        unsent[client] = unsent[client][client.send(unsent[client]) :]
    except BlockingIOError:
        pass
    except OSError:
        return leave(client)
    # One that does not read its replies is not read from either.
    selector.modify(client, selectors.EVENT_WRITE if unsent[client] else selectors.EVENT_READ)


while True:
    for key, _ in selector.select():
        accept() if key.fileobj is listener else serve(key.fileobj)
