"""Chapter 4's line in a loop that catches everything: the name is asked for too late, and the error is only printed."""

import os
import select
import socket

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
inputs = [listener]
while True:
    for ready in select.select(inputs, [], [])[0]:
        if ready is listener:
            inputs.append(listener.accept()[0])
            continue
        try:
            if ready.recv(1024):
                ready.sendall(b"Hello, client!")
                continue
        except OSError:
            pass
        inputs.remove(ready)
        ready.close()
        try:
            print("closing connection to", ready.getpeername(), flush=True)
        except OSError as error:
            print("oops", error, flush=True)
