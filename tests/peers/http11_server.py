"""HTTP/1.1 with connections that stay, a thread for each, and a page of some length. With a number, that is its
status."""

import http.server
import os
import sys
import time

STATUS = int(sys.argv[1]) if len(sys.argv) > 1 else 200


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"Hello, client!\n" * 1000
        self.send_response(STATUS)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def get_request(self):
        try:
            return super().get_request()
        except OSError:
            time.sleep(0.01)  # no descriptor is left; the client waits in the queue
            raise

    def handle_error(self, request, client_address):
        pass


Server(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever(poll_interval=None)
