"""gevent's WSGI server with one reply, and without a log."""

import sys

from gevent.pywsgi import WSGIServer

from hello import wsgi

WSGIServer(("127.0.0.1", int(sys.argv[1])), wsgi, log=None).serve_forever()
