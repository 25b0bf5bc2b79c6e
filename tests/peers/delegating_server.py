"""One client at a time, and each reply is made by another process: until then nothing waits for the client. A second
thread sleeps through all of it: for a thousand seconds."""

import os
import socket
import subprocess
import threading
import time

threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = listener.accept()
    while connection.recv(1024):
        connection.sendall(subprocess.run(["sh", "-c", "sleep 0.3; echo Hello"], stdout=subprocess.PIPE).stdout)
    connection.close()
