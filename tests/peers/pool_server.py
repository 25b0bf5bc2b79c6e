"""A pool of so many threads as its argument says, each of which serves one client at a time; and a short queue before
them: its backlog is 0."""

import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=0)


def serve(connection):
    with connection:
        try:
            while connection.recv(1024):
                connection.sendall(b"Hello, client!")
        except OSError:
            pass


with ThreadPoolExecutor(int(sys.argv[1])) as pool:
    while True:
        pool.submit(serve, listener.accept()[0])
