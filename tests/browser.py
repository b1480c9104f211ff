"""A headless browser that gets real keys and a real mouse, by its debugging protocol on a pipe."""

import base64
import itertools
import json
import os
import subprocess

KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9, "PageUp": 33,
        "PageDown": 34, "End": 35, "Home": 36}  # fmt: skip


class Browser:
    """One page.

    Args:
        path: The program.
        profile: An empty folder for its settings.
    """

    def __init__(self, path, profile):
        ours_read, theirs_write = os.pipe()
        theirs_read, ours_write = os.pipe()
        options = ("--headless --no-sandbox --disable-gpu --no-first-run --remote-debugging-pipe "
                   f"--hide-scrollbars --user-data-dir={profile} about:blank")  # fmt: skip
        command = f"exec {path} {options} 3<&{theirs_read} 4>&{theirs_write}"
        self.process = subprocess.Popen(
            ["bash", "-c", command], pass_fds=(theirs_read, theirs_write), stderr=subprocess.DEVNULL
        )
        os.close(theirs_read)
        os.close(theirs_write)
        self._read, self._write = os.fdopen(ours_read, "rb"), os.fdopen(ours_write, "wb")
        self._numbers, self._session, self.events = itertools.count(1), None, []
        targets = self("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        attached = self("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __call__(self, method, **parameters):
        """Send a command and wait for its answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        self._write.flush()
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def _receive(self):
        """Next message; events are kept."""
        text = bytearray()
        while (letter := self._read.read(1)) != b"\0":
            assert letter, "the browser has gone"
            text += letter
        answer = json.loads(text)
        if "method" in answer:
            self.events.append(answer)
        return answer

    def open(self, url, width=1280, height=900, dark=False):
        """Open a page in a window of a size."""
        self.events.clear()
        self("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
             mobile=False)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self("Emulation.setEmulatedMedia", features=[scheme])
        self("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._receive()

    def run(self, script):
        """Value of a script, awaited."""
        done = self("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def press(self, key, shift=False):
        """Press a key."""
        code = KEYS.get(key, ord(key.upper()) if len(key) == 1 else 0)
        letter = {"text": key} if len(key) == 1 else {}
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self("Input.dispatchKeyEvent", type="keyDown", **common, **letter)
        self("Input.dispatchKeyEvent", type="keyUp", **common)

    def mouse(self, kind, x, y, **more):
        """A mouse event of the kind ``Pressed``, ``Released``, ``Moved`` or ``Wheel``."""
        button = {"button": "left", "clickCount": 1} if kind in ("Pressed", "Released") else {}
        self("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x, y=y, **{**button, **more})

    def swipe(self, *places):
        """Move a finger over places."""
        for kind, place in zip(("Start", *("Move" for _ in places[1:])), places, strict=True):
            points = [dict(zip("xy", place, strict=True))]
            self("Input.dispatchTouchEvent", type=f"touch{kind}", touchPoints=points)
        self("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def middle(self, selector):
        """Place of the middle of an element, scrolled into view."""
        return self.run(
            f"""(() => {{ const e = document.querySelector({selector!r});
            e.scrollIntoView({{ block: "center", behavior: "instant" }});
            const r = e.getBoundingClientRect();
            return [r.left + r.width / 2, r.top + r.height / 2]; }})()"""
        )

    def click(self, selector, **more):
        """Press the left button on an element."""
        x, y = self.middle(selector)
        self.mouse("Pressed", x, y, **more)
        self.mouse("Released", x, y, **more)

    def troubles(self):
        """What the console says, and exceptions."""
        found = []
        for event in self.events:
            parameters = event["params"]
            if event["method"] == "Runtime.consoleAPICalled" and parameters["type"] != "log":
                found.append(str(parameters["args"]))
            elif event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded"):
                found.append(json.dumps(parameters))
        # What the tests themselves do, to read pixels.
        return [text for text in found if "Multiple readback operations" not in text]

    def requests(self):
        """Addresses that the page asked for, but for pictures in itself."""
        asked = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        addresses = [event["params"]["request"]["url"] for event in asked]
        return [address for address in addresses if not address.startswith("data:")]

    def pdf(self):
        """The page on paper."""
        return base64.b64decode(self("Page.printToPDF", printBackground=False)["data"])

    def picture(self):
        """The window as a PNG file."""
        return base64.b64decode(self("Page.captureScreenshot", format="png")["data"])

    def close(self):
        """End the browser."""
        self("Browser.close")
        self.process.wait(timeout=20)
