"""Sound, and often awake: it looks at its clients each millisecond, and replies after 60. Another thread waits for ever."""

import os
import select
import socket
import threading
import time

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
threading.Thread(target=threading.Event().wait, daemon=True).start()
due = {}
while True:
    for ready in select.select([listener, *due], [], [], 0.001)[0]:
        if ready is listener:
            due[listener.accept()[0]] = None
        elif ready.recv(1024):
            due[ready] = time.monotonic() + 0.06
        else:
            del due[ready]
            ready.close()
    sum(range(50_000))  # which takes about as long as it has slept
    for client, when in due.items():
        if when and time.monotonic() > when:
            client.send(b"Hello, client!")
            due[client] = None
