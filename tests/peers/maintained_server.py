"""Serves a hundred clients, and says to one more that it has too many. A second thread looks after nothing, once in a
second, as that of memcached does."""

import os
import selectors
import socket
import threading
import time


def maintain():
    while True:
        time.sleep(1)


threading.Thread(target=maintain, daemon=True).start()
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
clients = 0
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            connection, _ = listener.accept()
            if clients == 100:
                connection.sendall(b"ERROR too many clients\r\n")
                connection.close()
                continue
            clients += 1
            selector.register(connection, selectors.EVENT_READ)
            continue
        try:
            data = key.fileobj.recv(1024)
            if data:
                key.fileobj.send(b"Hello, client!")
                continue
        except OSError:
            pass
        clients -= 1
        selector.unregister(key.fileobj)
        key.fileobj.close()
