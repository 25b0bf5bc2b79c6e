"""Goes into the background: forks, leaves its session, forks again, and its first process ends."""

import os
import socket

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
if os.fork() > 0:
    os._exit(0)
os.setsid()
if os.fork() > 0:
    os._exit(0)
while True:
    connection, _ = listener.accept()
    if connection.recv(1024):
        connection.send(b"Hello, client!")
    connection.close()
