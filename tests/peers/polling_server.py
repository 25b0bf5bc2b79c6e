"""Chapter 8's bug, in a loop that sleeps for 20 ms and then asks select without waiting: the clients first, the listener
last, and a number is taken for a name. With `beside` another thread waits for ever."""

import os
import select
import socket
import sys
import threading
import time

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
clients = set()
if "beside" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
while True:
    time.sleep(0.02)
    ready = select.select([listener, *clients], [], [], 0)[0]
    owed = []
    for fd in ready:
        if fd is listener:
            continue
        if os.read(fd, 1024):
            owed.append(fd)
            # What is left of it shows that the client has left.
            if select.select([fd], [], [], 0)[0] and not os.read(fd, 1024):
                os.close(fd)
                clients.discard(fd)
        else:
            os.close(fd)
            clients.discard(fd)
    if listener in ready:
        clients.add(listener.accept()[0].detach())
    for fd in owed:
        if fd in clients:
            os.write(fd, b"Hello, client!")
