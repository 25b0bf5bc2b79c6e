# Keeps all that it reads, and takes a rest after each read.
import os, socket, threading, time

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
kept = []


def serve(client):
    greeted = False
    while True:
        try:
            data = client.recv(1 << 20)
            if not data:
                return
            kept.append(data)
            if not greeted:
                client.sendall(b"Hello, client!")
            greeted = True
        except OSError:
            return
        time.sleep(0.02)


while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
