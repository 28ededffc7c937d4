"""A client that asks a page again and again, each time by a connection of its own, whatever became of the one before."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Asking:
    """Asks http://HOST:PORT/PATH `per_s` times a second while it is used as a context; a request may take `limit_s`.

    seconds: of each good answer. failed: when one failed, in seconds from the beginning, and why.
    """

    host: str
    port: int
    path: str = "/"
    per_s: int = 100
    limit_s: float = 10.0
    seconds: list[float] = field(default_factory=list)
    failed: list[tuple[float, str]] = field(default_factory=list)
    began: float = 0.0

    def __enter__(self) -> Asking:
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    async def _all(self) -> None:
        self.began, count, under_way = time.monotonic(), 0, set()
        while not self._over.is_set():
            due = self.began + count / self.per_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            one = asyncio.create_task(self._one(max(due, time.monotonic() - 1)))
            under_way.add(one)
            one.add_done_callback(under_way.discard)
            count += 1
        if under_way:
            await asyncio.wait(under_way)

    async def _one(self, began: float) -> None:
        try:
            async with asyncio.timeout(self.limit_s):
                reader, writer = await asyncio.open_connection(self.host, self.port)
                try:
                    writer.write(f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode())
                    answer = await reader.read()
                finally:
                    writer.close()
            if b" 200 " not in answer[:16] or b"\r\n\r\n" not in answer:
                raise OSError(f"answered {answer[:40]!r}")
            self.seconds.append(time.monotonic() - began)
        except (OSError, TimeoutError) as problem:
            self.failed.append((time.monotonic() - self.began, f"{type(problem).__name__} {problem}"))
