"""Replies half a second after each message, when an alarm wakes it: until then it waits for a signal, without a limit. It
is blocked until it is waited for, so that none comes too early."""

import os
import signal
import socket

signal.signal(signal.SIGALRM, lambda *_: None)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = listener.accept()
    while message := connection.recv(1024):
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        signal.sigwait([signal.SIGALRM])
        connection.sendall(message)
    connection.close()
