"""Answers one byte at a time, each in a send of its own."""

import os
import socket
import threading

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)


def serve(connection):
    try:
        while connection.recv(1024):
            for byte in b"Hello, client!":
                connection.send(bytes([byte]))
    except ConnectionError:
        pass
    connection.close()


while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=[connection], daemon=True).start()
