# A server with a helper that has left it, and that ends whoever is its parent by then, when the first client has come. The
# helper has a helper of its own, which shows whether anything is left.
import os
import signal
import socket

reads, writes = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(writes)
        if os.fork() == 0:
            signal.pause()
        os.read(reads, 1)
        os.kill(os.getppid(), signal.SIGKILL)
        signal.pause()
    os._exit(0)
os.wait()
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
while True:
    connection, _ = listener.accept()
    os.write(writes, b"!")
    connection.recv(1024)
    signal.pause()
