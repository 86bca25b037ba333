"""Runs a command; prints its wall seconds and its peak memory in MiB."""
import os, sys, time

start = time.monotonic()
pid = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
if status:
    sys.exit(f"{sys.argv[1:]} failed: {status}")
print(f"{time.monotonic() - start:.2f} {usage.ru_maxrss // 1024}")
