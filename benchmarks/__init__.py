"""Measurements side by side; each is run by itself with `python -m benchmarks.NAME`."""

import signal
import sys
import threading

# Stopped by `kill`, a benchmark takes its Prefect server and hosts down as after Ctrl-C.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
