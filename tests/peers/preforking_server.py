"""Two workers, of which one ends when a client resets; another is started in its place, and nobody is told."""

import os
import socket

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)


def work():
    while True:
        connection, _ = listener.accept()
        with connection:
            while connection.recv(1024):
                connection.sendall(b"Hello, client!")


def start():
    if os.fork() == 0:
        work()


start()
start()
while True:
    os.wait()
    start()
