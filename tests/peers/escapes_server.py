# Whatever a server can say is said in escapes and in characters that nobody sees: its name, its output, and its replies.
# Its worker ends as soon as its client has gone. argv[1]: "words" has it say so, "ends" ends before it listens.
import ctypes
import os
import socket
import sys

HARM = "\x1b]0;oh\x07\x1b[7m\x9b1m\u202e\u2066\u2028\u200b\ufeff\r"


def worker():
    ctypes.CDLL(None).prctl(15, "\x1b[7m\u202e".encode(), 0, 0, 0)
    connection, _ = listener.accept()
    try:
        while connection.recv(1024):
            connection.sendall(f"Hello{HARM}".encode())
    except ConnectionResetError:
        pass
    if mode == "words":
        print(f"Error: {HARM}", file=sys.stderr, flush=True)
    os._exit(1)


mode = sys.argv[1] if len(sys.argv) > 1 else ""
print(f"out {HARM}", flush=True)
if mode == "ends":
    sys.exit(f"err {HARM}")
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
while True:
    if os.fork() == 0:
        worker()
    os.wait()
