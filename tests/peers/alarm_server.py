"""Replies half a second after each message, when an alarm wakes it: until then it waits for any signal, without a limit."""

import os
import signal
import socket

signal.signal(signal.SIGALRM, lambda *_: None)
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = listener.accept()
    while message := connection.recv(1024):
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        signal.pause()
        connection.sendall(message)
    connection.close()
