"""Echoes, and has the kernel hold each reply back: TCP_CORK, for 200 ms (tcp(7)). It reads no more until the reply has left:
TCP_NOTSENT_LOWAT makes a socket writable only then."""

import os
import select
import socket

TCP_NOTSENT_LOWAT = 25

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    connection.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, 1)
    has_left = select.poll()
    has_left.register(connection, select.POLLOUT)
    while message := connection.recv(65536):
        connection.sendall(message[:100])
        has_left.poll()
    connection.close()
