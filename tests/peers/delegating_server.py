"""One client at a time, and each reply is made by another process: until then nothing waits for the client. A second
thread looks after nothing, once in a second."""

import os
import socket
import subprocess
import threading
import time


def maintain():
    while True:
        time.sleep(1)


threading.Thread(target=maintain, daemon=True).start()
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = listener.accept()
    while connection.recv(1024):
        connection.sendall(subprocess.run(["sh", "-c", "sleep 0.3; echo Hello"], stdout=subprocess.PIPE).stdout)
    connection.close()
