"""Forks a process for each client, and does not wait for any of them."""

import os
import signal
import socket

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
while True:
    connection, _ = listener.accept()
    if os.fork() == 0:
        listener.close()
        try:
            while connection.recv(1024):
                connection.send(b"Hello, client!")
        except ConnectionError:
            pass
        os._exit(0)
    connection.close()
