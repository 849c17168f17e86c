"""A headless Chromium, driven by its DevTools protocol over a pair of pipes: no port, no driver program, no other package."""

import itertools
import json
import os
import select
import shutil
import subprocess

PATIENCE = 60  # seconds


class Browser:
    """One process with one page. What the page asks the network for and what it says on its console is kept."""

    def __init__(self, folder):
        commands, self._commands = os.pipe()
        self._replies, replies = os.pipe()

        def as_three_and_four():
            # Above 4 first: either pipe may already lie on one of the two numbers.
            high = [os.dup2(fd, number) for number, fd in zip((103, 104), (commands, replies))]
            for number, fd in zip((3, 4), high):
                os.dup2(fd, number)

        argv = [find_chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--hide-scrollbars", f"--user-data-dir={folder}", "--remote-debugging-pipe", "about:blank"]  # fmt: skip
        # Without a display and a bus of a desktop; what it says about them is nobody's business.
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                         preexec_fn=as_three_and_four, close_fds=False)  # fmt: skip
        os.close(commands)
        os.close(replies)
        self._numbers = itertools.count(1)
        self._buffer = b""
        self._session = None
        self.requests, self.said = [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._commands)
        os.close(self._replies)

    def _message(self):
        while b"\0" not in self._buffer:
            assert select.select([self._replies], [], [], PATIENCE)[0], f"the browser has said nothing for {PATIENCE} seconds"
            data = os.read(self._replies, 1 << 20)
            if not data:
                raise EOFError("the browser has ended")
            self._buffer += data
        text, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(text)

    def _note(self, message):
        parameters = message.get("params", {})
        if message["method"] == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif message["method"] == "Log.entryAdded":
            self.said.append(parameters["entry"]["text"])
        elif message["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Page.javascriptDialogOpening"):
            self.said.append(json.dumps(parameters))

    def call(self, method, until=None, **parameters):
        """The result of a command; with `until`, after that event has come as well."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        result, seen = None, until is None
        while result is None or not seen:
            reply = self._message()
            if reply.get("id") == number:
                assert "error" not in reply, reply
                result = reply["result"]
            elif "method" in reply:
                seen |= reply["method"] == until
                self._note(reply)
        return result

    def open(self, url, width=1280, height=900, dark=False):
        """Loads the page, as a reader with that window and that taste sees it."""
        self.requests, self.said = [], []
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", until="Page.loadEventFired", url=url)

    def ask(self, expression):
        """The value of an expression of JavaScript in the page."""
        reply = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in reply, reply["exceptionDetails"]
        return reply["result"].get("value")


def find_chromium():
    return shutil.which("chromium") or shutil.which("chromium-browser")
