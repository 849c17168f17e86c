#!/usr/bin/python3
"""http_load.py PORT CONNECTIONS: a load over HTTP and the count of right answers.

Reads {"requests": [{"path", "sha256", "headers"?, "status"?}, ...]} from stdin; each connection (a thread) sends its share and keeps the connection
open. Prints {"right": N, "wrong": [texts]}. A program of its own, because it runs in the network namespace of the server.
"""

import hashlib
import http.client
import json
import sys
import threading

PATIENCE = 30


def ask(connection, request):
    """None, or what is wrong with the answer."""
    connection.request("GET", request["path"], headers=request.get("headers", {}))
    response = connection.getresponse()
    body = response.read()
    digest = hashlib.sha256(body).hexdigest()
    if response.status == request.get("status", 200) and digest == request.get("sha256", digest):
        return None
    return f"{request['path']}: {response.status} {body[:200]!r}"


def ask_again(connection, request):
    """The same; a connection that was kept open may be closed at any time, and then the request is sent once more (RFC 9110, 9.2.2)."""
    was_open = connection.sock is not None
    try:
        return ask(connection, request)
    except ConnectionError:
        if not was_open:
            raise
        connection.close()
        return ask(connection, request)


def serve(port, requests, right, wrong):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for request in requests:
        try:
            said = ask_again(connection, request)
        except (OSError, http.client.HTTPException) as error:
            said = f"{request['path']}: {error!r}"
            connection.close()
        (right if said is None else wrong).append(said)
    connection.close()


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    requests = json.load(sys.stdin)["requests"]
    right, wrong = [], []
    threads = [threading.Thread(target=serve, args=(port, requests[n::count], right, wrong)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"right": len(right), "wrong": wrong}))


if __name__ == "__main__":
    main()
