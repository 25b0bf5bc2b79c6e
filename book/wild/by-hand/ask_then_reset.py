"""PORT PID: while the server is stopped, a client connects, asks, and resets. Then nobody does anything for 3 s."""

import os
import signal
import socket
import struct
import sys
import time

port, pid = map(int, sys.argv[1:])


def processor_time():
    return sum(map(int, open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:13])) / 100


os.kill(pid, signal.SIGSTOP)
client = socket.create_connection(("127.0.0.1", port))
client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.close()  # with that option, a reset
os.kill(pid, signal.SIGCONT)

time.sleep(1)
before = processor_time()
time.sleep(3)
print(f"{processor_time() - before:.2f} s of processor time in 3 s")
