"""Holds the threads of an agent that prepare frames, infer and finish, until it is gone: an inference that never ends.

All else in the process runs on: cameras, timers, network, the ping.
"""
import ctypes
import os
import sys
import time

PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000

process = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_ulong, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_void_p]


def of(thread: str, file: str) -> str:
    with open(f"/proc/{process}/task/{thread}/{file}", encoding="utf-8") as content:
        return content.read().strip()


# .NET's name, cut to 15 characters, of a thread that one long task has to itself; those in read(2), number 0, are the cameras'.
threads = os.listdir(f"/proc/{process}/task")
held = [int(it) for it in threads if of(it, "comm") == ".NET Long Runni" and of(it, "syscall").split()[0] != "0"]
for thread in held:
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if libc.ptrace(request, thread, None, None) != 0:
            sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")
print(f"{len(held)} threads stand still", flush=True)
# What is traced is not gone, killed or not, until its tracer has heard of it.
while os.path.exists(f"/proc/{process}/task/{process}"):
    try:
        while os.waitpid(-1, os.WNOHANG | WALL)[0] != 0:
            pass
    except ChildProcessError:
        pass
    time.sleep(0.1)
