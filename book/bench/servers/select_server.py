"""The server of the story without its log lines, to be measured: not even the names are asked for."""

import os
import select
import socket

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=5)
inputs = [listener]
outputs = []

while True:
    readable, writable, exceptional = select.select(inputs, outputs, inputs)

    for sock in readable:
        if sock is listener:
            connection, address = listener.accept()
            inputs.append(connection)
            continue
        data = sock.recv(1024)
        if data:
            if sock not in outputs:
                outputs.append(sock)
        else:
            if sock in outputs:
                outputs.remove(sock)
            inputs.remove(sock)
            sock.close()

    for sock in writable:
        sock.send(b"Hello, client!")
        outputs.remove(sock)

    for sock in exceptional:
        inputs.remove(sock)
        if sock in outputs:
            outputs.remove(sock)
        sock.close()
