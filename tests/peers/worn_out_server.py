"""Dies of EBADF under its three hundredth client, as a server does whose loop loses a race once in a while."""

import os
import socket

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
for number in range(300):
    connection, _ = listener.accept()
    try:
        if connection.recv(1024):
            connection.sendall(b"Hello, client!")
    except OSError:
        pass
    connection.close()
connection.getpeername()
