# A thread per client, which sleeps before each reply. With `dies` it sleeps when a client has left, and ends the process.
import os, socket, sys, threading, time

listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", 0))), backlog=128)
print("listening on 127.0.0.1:%d" % listener.getsockname()[1], file=sys.stderr, flush=True)


def serve(client):
    while client.recv(1024):
        if "dies" not in sys.argv:
            time.sleep(0.3)
        client.sendall(b"Hello, client!")
    if "dies" in sys.argv:
        time.sleep(0.5)
        print("OSError: [Errno 9] Bad file descriptor", file=sys.stderr, flush=True)
        os._exit(1)


while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
