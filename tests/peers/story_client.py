"""The client of the story, in Python: connect, send one message, read one reply, print it, close."""

import os
import socket

with socket.create_connection(("127.0.0.1", int(os.environ.get("PORT", "50000")))) as client:
    client.sendall(b"Hello, server!")
    print("Received from server:", client.recv(1024).decode())
