"""The server of the story with the two lines swapped: first it logs which client has left, then it closes."""

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
            print("closing connection to", sock.getpeername(), flush=True)
            sock.close()

    for sock in writable:
        sock.send(b"Hello, client!")
        outputs.remove(sock)

    for sock in exceptional:
        print("handling exceptional condition for", sock.getpeername(), flush=True)
        inputs.remove(sock)
        if sock in outputs:
            outputs.remove(sock)
        sock.close()
