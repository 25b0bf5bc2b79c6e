"""Speaks first, as SMTP does, and answers NOOP. `busy` greets with 421, `silent` does not greet, and `one` serves one
client at a time."""

import os
import socket
import sys
import threading

kind = sys.argv[1] if len(sys.argv) > 1 else "good"
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)


def serve(connection):
    try:
        if kind != "silent":
            connection.sendall(b"421 too busy\r\n" if kind == "busy" else b"220 mail of 250 people\r\n")
        for line in connection.makefile("rb"):
            connection.sendall(b"250 done\r\n" if line == b"NOOP\r\n" else b"500 what?\r\n")
    except OSError:
        pass
    connection.close()


while True:
    connection, _ = listener.accept()
    if kind == "one":
        serve(connection)
    else:
        threading.Thread(target=serve, args=[connection], daemon=True).start()
