"""Serves as many clients as its limit of descriptors allowed at its start, and lets the others wait. If the limit is
lowered behind its back, it is confused, and spins."""

import os
import resource
import selectors
import socket

most = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 2000) - 32
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
clients = set()
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            try:
                connection, _ = listener.accept()
            except OSError:
                continue
            clients.add(connection)
            selector.register(connection, selectors.EVENT_READ)
            if len(clients) == most:
                selector.unregister(listener)
            continue
        try:
            data = key.fileobj.recv(1024)
            if data:
                key.fileobj.send(b"Hello, client!")
                continue
        except OSError:
            pass
        if len(clients) == most:
            selector.register(listener, selectors.EVENT_READ)
        clients.remove(key.fileobj)
        selector.unregister(key.fileobj)
        key.fileobj.close()
