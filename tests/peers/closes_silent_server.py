# Closes every client that has sent nothing when another one sends.
import os, select, socket

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
clients = {}
while True:
    for sock in select.select([listener, *clients], [], [])[0]:
        if sock is listener:
            client, _ = listener.accept()
            clients[client] = False
            continue
        if sock not in clients:
            continue
        try:
            data = sock.recv(1024)
            if data:
                sock.sendall(b"Hello, client!")
        except OSError:
            data = b""
        clients[sock] = True
        gone = [other for other, spoke in clients.items() if not spoke]
        for other in gone + ([] if data else [sock]):
            del clients[other]
            other.close()
