"""PORT PID: a client asks on and on, 24 MiB in all, and reads nothing."""

import re
import socket
import sys
import time

port, pid = map(int, sys.argv[1:])


def memory():
    return int(re.search(r"RssAnon:\s*(\d+) kB", open(f"/proc/{pid}/status").read())[1]) // 1024


client = socket.create_connection(("127.0.0.1", port))
before = memory()
client.settimeout(5)
for _ in range(3):
    client.sendall(b"PING\r\n" * (8 * 1024 * 1024 // 6))
    time.sleep(1)
    print(f"{memory() - before} MiB more")
