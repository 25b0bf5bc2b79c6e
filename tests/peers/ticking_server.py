"""Sends a tick again and again, without a rest, to each client that has said something."""

import os
import select
import socket

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
clients, told = [listener], []
while True:
    for ready in select.select(clients, [], [], 0.00005 if told else None)[0]:
        if ready is listener:
            clients.append(listener.accept()[0])
        elif ready.recv(1024):
            told = [*told, ready]
        else:
            clients.remove(ready)
            told = [client for client in told if client is not ready]
            ready.close()
    for client in told:
        client.send(b"tick\n", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
