"""Runs a command in a network of its own, in which the kernel has no room for the memory of connections that have ended.

  few_time_waits.py COMMAND [ARG ...]

Started in a new network namespace, as `unshare --net` does."""

import fcntl
import os
import socket
import struct
import sys

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    request = fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0))
    (flags,) = struct.unpack_from("h", request, 16)
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))
with open("/proc/sys/net/ipv4/tcp_max_tw_buckets", "w") as limit:
    limit.write("0")
os.execvp(sys.argv[1], sys.argv[1:])
