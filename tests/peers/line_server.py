"""Echoes line by line: what has no end of line is not answered. With words, those are the answer to every line."""

import os
import selectors
import socket
import sys

ANSWER = " ".join(sys.argv[1:]).encode()
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
listener.setblocking(False)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
clients = {}
full = False


class Client:
    """What it has sent of a line, and what it is owed."""

    def __init__(self, socket):
        self.socket, self.line, self.owed = socket, b"", b""
        socket.setblocking(False)
        selector.register(socket, selectors.EVENT_READ)

    def serve(self):
        """True when it is over."""
        try:
            if not self.owed:
                data = self.socket.recv(1024)
                *lines, self.line = (self.line + data).split(b"\n")
                self.owed = b"".join(ANSWER or line + b"\n" for line in lines)
                if not data:
                    return True
            self.owed = self.owed[self.socket.send(self.owed) :]
        except BlockingIOError:
            pass
        except OSError:
            return True
        selector.modify(self.socket, selectors.EVENT_WRITE if self.owed else selectors.EVENT_READ)


def accept():
    global full
    try:
        client, _ = listener.accept()
        clients[client] = Client(client)
    except (BlockingIOError, ConnectionError):
        pass
    except OSError:
        # No descriptor is left. Until a client leaves, the others wait in the queue.
        full = True
        selector.unregister(listener)


while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            accept()
        elif clients[key.fileobj].serve():
            selector.unregister(key.fileobj)
            key.fileobj.close()
            del clients[key.fileobj]
            if full:
                full = False
                selector.register(listener, selectors.EVENT_READ)
