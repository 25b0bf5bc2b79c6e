"""Writes a traceback whenever accept fails, and tries again at once: a spin that floods its log."""

import os
import socket
import sys
import threading
import traceback

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)


def serve(connection):
    with connection:
        try:
            while connection.recv(1024):
                connection.sendall(b"Hello, client!")
        except OSError:
            pass


while True:
    try:
        connection, _ = listener.accept()
    except OSError:
        sys.stderr.write(traceback.format_exc() * 100)
        continue
    threading.Thread(target=serve, args=[connection], daemon=True).start()
