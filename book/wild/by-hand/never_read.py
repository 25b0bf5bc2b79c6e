"""PORT PID redis|http: a client asks on and on, 24 MiB in all, and reads nothing."""

import re
import socket
import sys
import time

port, pid = map(int, sys.argv[1:3])
message = {"redis": b"PING\r\n", "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"}[sys.argv[3]]


def memory():
    return int(re.search(r"RssAnon:\s*(\d+) kB", open(f"/proc/{pid}/status").read())[1]) // 1024


client = socket.create_connection(("127.0.0.1", port))
before = memory()
client.settimeout(5)
for _ in range(3):
    try:
        client.sendall(message * (8 * 1024 * 1024 // len(message)))
    except TimeoutError:
        print(f"it takes no more, {memory() - before} MiB more")
        break
    time.sleep(1)
    print(f"{memory() - before} MiB more")
