"""PORT PID: the server may have no descriptor more, and a client connects. A second later it may, and another connects."""

import resource
import socket
import sys
import time

port, pid = map(int, sys.argv[1:])
address = ("127.0.0.1", port)
usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, usual[1]))
first = socket.create_connection(address)
time.sleep(1)
try:
    resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
    second = socket.create_connection(address)
    second.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    second.settimeout(5)
    print(second.recv(15))
except (ProcessLookupError, ConnectionRefusedError):
    print("it is gone")
