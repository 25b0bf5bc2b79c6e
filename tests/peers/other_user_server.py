"""Listens, and goes on as another user, as many servers do that are started by root: then nobody but root, and not
everywhere root, may lower its limit of descriptors. Without descriptors it waits until a client leaves."""

import os
import selectors
import socket

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
if os.geteuid() == 0:
    os.setuid(65534)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
waits = False
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            try:
                connection, _ = listener.accept()
            except OSError:
                selector.unregister(listener)
                waits = True
                continue
            selector.register(connection, selectors.EVENT_READ)
            continue
        try:
            data = key.fileobj.recv(1024)
            if data:
                key.fileobj.send(b"Hello, client!")
                continue
        except OSError:
            pass
        selector.unregister(key.fileobj)
        key.fileobj.close()
        if waits:
            selector.register(listener, selectors.EVENT_READ)
            waits = False
