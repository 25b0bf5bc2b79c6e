"""What `check` cannot speak: `tls` answers with an alert as TLS does, `udp` and `unix` are no TCP at all, and `other`
listens on a port of its own choice."""

import os
import signal
import socket
import sys

port = int(os.environ["PORT"])
if sys.argv[1] == "udp":
    waiting = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    waiting.bind(("127.0.0.1", port))
elif sys.argv[1] == "unix":
    waiting = socket.socket(socket.AF_UNIX)
    waiting.bind(f"\0close-call-unspoken-{port}")
    waiting.listen()
elif sys.argv[1] == "other":
    waiting = socket.create_server(("127.0.0.1", 0))
else:
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            connection, _ = listener.accept()
            connection.recv(1024)
            connection.sendall(bytes([21, 3, 1, 0, 2, 2, 70]))
            connection.close()
signal.pause()
