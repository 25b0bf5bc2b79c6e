"""A select server in Python with all that the chapters up to 7 have learned, and the reply before the close."""

import os
import select
import socket

listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", "50000"))), backlog=128)
names = {}  # who is there, by socket; the name is the one that accept gave
owed = set()  # to whom a reply is due


def say_goodbye(sock, why=""):
    print("closing connection to", names.pop(sock), why, flush=True)
    owed.discard(sock)
    sock.close()


def reply(sock):
    owed.discard(sock)
    try:
        sock.send(b"Hello, client!")
    except OSError as error:
        say_goodbye(sock, error)


while True:
    watched = [listener, *names]
    readable, writable, exceptional = select.select(watched, owed, watched)

    for sock in readable:
        if sock is listener:
            connection, address = listener.accept()
            print("New connection from", address, flush=True)
            names[connection] = address
            continue
        try:
            data = sock.recv(1024)
        except OSError as error:
            say_goodbye(sock, error)
            continue
        if data:
            print("received", data, "from", names[sock], flush=True)
            owed.add(sock)
            continue
        if sock in owed:
            reply(sock)
        if sock in names:
            say_goodbye(sock)

    for sock in writable:
        if sock in names and sock in owed:
            reply(sock)

    for sock in exceptional:
        if sock in owed:
            reply(sock)
        if sock in names:
            print("handling exceptional condition for", names[sock], flush=True)
            say_goodbye(sock)
