"""A thread for each client, without a word about errors: a reset ends it with a traceback. With `pool`, two threads that
were there before any client, of which one is named, and ends with its first client."""

import os
import socket
import sys
import threading

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)


def serve(client):
    with client:
        while client.recv(1024):
            client.sendall(b"Hello, client!")


def work():
    while True:
        serve(listener.accept()[0])
        if threading.current_thread() is mortal:
            return


if "pool" in sys.argv:
    mortal = threading.Thread(target=work)
    others = [threading.Thread(target=work) for _ in range(4)]
    for thread in [mortal, *others]:
        thread.start()
    mortal.join()
    threading.Event().wait()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
