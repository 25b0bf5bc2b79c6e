"""PORT: a client reads what the server says first, and resets."""

import socket
import struct
import sys
import time

address = ("127.0.0.1", int(sys.argv[1]))
client = socket.create_connection(address)
client.recv(100)
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.close()
time.sleep(1)
try:
    socket.create_connection(address).close()
    print("it lives")
except ConnectionRefusedError:
    print("it is gone")
