"""A server with a thread a connection; each path uses another part of Python: processes, semaphores and shared memory, sqlite, child processes,
mappings, an event loop. What it answers is computed by the client as well."""

import asyncio
import contextlib
import hashlib
import http.server
import mmap
import multiprocessing
import multiprocessing.shared_memory
import sqlite3
import subprocess
import tempfile
import threading

LOCK = threading.Lock()
DATABASE = "/var/tmp/words.db"


def derive(word):
    return hashlib.pbkdf2_hmac("sha256", word.encode(), b"salt", 1000).hex()


def sqlite(word):
    with LOCK, contextlib.closing(sqlite3.connect(DATABASE)) as database, database:  # closed under the lock: that may lock the file
        database.execute("pragma journal_mode=wal")
        database.execute("create table if not exists words (word text)")
        database.execute("insert into words values (?)", [word])
        return database.execute("select word from words where word = ?", [word]).fetchone()[0]


def child(word):
    return subprocess.run(["/bin/cat"], input=word, capture_output=True, text=True, check=True).stdout


def mapping(word):
    with tempfile.TemporaryFile() as file:
        file.truncate(1 << 20)
        with mmap.mmap(file.fileno(), 0) as memory:
            memory[: len(word)] = word.encode()
            memory.flush()
            return memory[: len(word)].decode()


def loop(word):
    async def both():
        made = await asyncio.create_subprocess_exec("/bin/echo", "-n", word, stdout=asyncio.subprocess.PIPE)
        said, _ = await asyncio.gather(made.communicate(), asyncio.sleep(0.01))
        return said[0].decode()

    return asyncio.run(both())


def shared(word):
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=64)
    try:
        with multiprocessing.Pool(2) as pool:
            return ",".join(pool.map(derive, [word, word[::-1]]))
    finally:
        memory.close()
        memory.unlink()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    paths = {"derive": derive, "sqlite": sqlite, "child": child, "mapping": mapping, "loop": loop, "shared": shared}

    def do_GET(self):
        _, path, word = self.path.split("/")
        body = self.paths[path](word).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Only exceptions."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer.daemon_threads = True
    http.server.ThreadingHTTPServer(("", 80), Handler).serve_forever()
