"""PORT: clients connect, ask and close, twenty at a time, until 3,000 have come or the server is gone."""

import itertools
import socket
import sys
import threading

port = int(sys.argv[1])
turns = iter(range(3000))
came = itertools.count()


def clients():
    for _ in turns:
        try:
            client = socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            return
        next(came)
        try:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        except OSError:
            pass
        client.close()


threads = [threading.Thread(target=clients) for _ in range(20)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
try:
    socket.create_connection(("127.0.0.1", port)).close()
    print(f"it lives after {next(came)}")
except ConnectionRefusedError:
    print(f"it is gone after {next(came)}")
