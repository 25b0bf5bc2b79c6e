"""The server of the story, in Python. It logs a client that has left after it has closed its socket, and dies of it."""

import os
import select
import socket

listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", "50000"))), backlog=5)
inputs = [listener]
outputs = []

while True:
    readable, writable, exceptional = select.select(inputs, outputs, inputs)

    for sock in readable:
        if sock is listener:
            connection, address = listener.accept()
            print("New connection from", address, flush=True)
            inputs.append(connection)
            continue
        data = sock.recv(1024)
        if data:
            print("received", data, "from", sock.getpeername(), flush=True)
            if sock not in outputs:
                outputs.append(sock)
        else:
            if sock in outputs:
                outputs.remove(sock)
            inputs.remove(sock)
            sock.close()
            print("closing connection to", sock.getpeername(), flush=True)

    for sock in writable:
        sock.send(b"Hello, client!")
        outputs.remove(sock)

    for sock in exceptional:
        print("handling exceptional condition for", sock.getpeername(), flush=True)
        inputs.remove(sock)
        if sock in outputs:
            outputs.remove(sock)
        sock.close()
