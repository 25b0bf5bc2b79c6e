"""Accepts everybody, and never answers."""

import os
import socket

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
accepted = []
while True:
    accepted.append(listener.accept())
