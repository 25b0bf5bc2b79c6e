"""PORT: 1,100 clients connect and send nothing. What does one more get?"""

import resource
import socket
import sys

resource.setrlimit(resource.RLIMIT_NOFILE, (2000, 2000))
address = ("127.0.0.1", int(sys.argv[1]))
crowd = [socket.create_connection(address) for _ in range(1100)]
more = socket.create_connection(address)
more.settimeout(5)
print(more.recv(100), more.recv(100))
