"""Accepts everybody, and never answers. With an argument it can wake by itself: it waits for an hour at most."""

import os
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
if len(sys.argv) > 1:
    listener.settimeout(3600)
accepted = []
while True:
    accepted.append(listener.accept())
