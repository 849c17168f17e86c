"""A small service: it answers on port 8000 and keeps a file. Once it is asked for /attack it does what an intruder would who runs code in
it, and answers with one line for each act and the errno that it met."""

import ctypes
import errno
import http.server
import os
import socket

DATA = "/var/lib/service"


def outcome(act):
    try:
        act()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"


def shell():
    os.posix_spawn("/bin/sh", ["sh", "-c", "true"], os.environ)


def write_configuration():
    with open("/etc/cron.d.sh", "w") as file:
        file.write("x")


def read_secret():
    with open("/etc/shadow") as file:
        file.read()


def call_home():
    socket.create_connection(("127.0.0.1", 4444), timeout=2)


def listen_elsewhere():
    socket.create_server(("127.0.0.1", 4445))


def trace():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, 4000000, 0, 0) != 0:  # PTRACE_ATTACH to nobody
        raise OSError(ctypes.get_errno(), "ptrace")


def fileless():
    descriptor = os.memfd_create("x")
    os.write(descriptor, b"#!/bin/true\n")
    os.posix_spawn(f"/proc/self/fd/{descriptor}", ["x"], os.environ)


ACTS = [shell, write_configuration, read_secret, call_home, listen_elsewhere, trace, fileless]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = "hello\n"
        if self.path == "/attack":
            text = "".join(f"{act.__name__} {outcome(act)}\n" for act in ACTS)
        else:
            with open(f"{DATA}/last", "w") as file:
                file.write(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


http.server.HTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
