"""PORT PID: 200 clients ask for a page that no buffer holds, read its first byte, and reset."""

import os
import socket
import struct
import sys
import time

port, pid = map(int, sys.argv[1:])


def descriptors():
    return len(os.listdir(f"/proc/{pid}/fd"))


before = descriptors()
for _ in range(200):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    client.recv(1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()  # with that option, a reset
time.sleep(1)
print(f"{before} descriptors before, {descriptors()} after")
