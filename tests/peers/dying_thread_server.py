"""A thread for each client, without a word about errors: a reset ends it with a traceback. With `pool`, two threads that
were there before any client: the first client is the first one's, which ends with it, and all others are the second's."""

import os
import queue
import socket
import sys
import threading

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)


def serve(client):
    with client:
        while client.recv(1024):
            client.sendall(b"Hello, client!")


def work(clients, number):
    for _ in range(number):
        serve(clients.get())


if "pool" in sys.argv:
    first, others = queue.SimpleQueue(), queue.SimpleQueue()
    for clients, number in [(first, 1), (others, 1000)]:
        threading.Thread(target=work, args=(clients, number), daemon=True).start()
    first.put(listener.accept()[0])
    while True:
        others.put(listener.accept()[0])
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
