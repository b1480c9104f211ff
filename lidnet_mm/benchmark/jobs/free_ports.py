"""Ports at which the processes of a training meet."""

import socket
import threading


class FreePorts:
    """Ports that are free, each given once: two jobs that start together get two."""

    def __init__(self) -> None:
        self._given: set[int] = set()
        self._lock = threading.Lock()

    def next(self) -> int:
        """A port that is free now, and was not given before."""
        while True:
            with socket.socket() as probe:
                probe.bind(("", 0))
                port = probe.getsockname()[1]
            with self._lock:
                if port not in self._given:
                    self._given.add(port)
                    return port
