"""The template process from which the throw-away processes are forked: it has the libraries loaded and nothing else.

Why not ``multiprocessing``'s own forkserver: its children import the caller's ``__main__`` again, inherit its
environment and speak pickle, which a child that has read a hostile file could turn against the parent. Here both sides
speak bounded JSON.

Life of a child: the client sends limits and one socket, the nursery forks, the child takes the limits upon itself and
calls its target with the socket. The nursery alone ends and reaps it, so a process id cannot be reused under our feet;
it kills the whole process group and, being the subreaper, whatever has left the group. When the client is gone,
everything here ends.
"""

import contextlib
import ctypes
import importlib
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

PRELOADED = (
    "pypdfium2.raw",
    "pikepdf.pdfa",
    "PIL.Image",
    "pi_heif",
    "fontTools.ttLib",
    "indexing.archives",
    "indexing.invoices",
    "indexing.detection",
    "indexing.outlook",
    "indexing.pages",
    "indexing.rendition",
    "indexing.tesseract",
    "indexing.text",
    "indexing.typeset",
)

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_HEARTBEAT = 5.0
_REAP_SECONDS = 10.0
_libc = ctypes.CDLL(None, use_errno=True)


def main(control_fd: int, *, preload: tuple[str, ...] = PRELOADED) -> NoReturn:
    """Serve fork and end requests on the inherited socket until its other end closes."""
    control = socket.socket(fileno=control_fd)
    parent = os.getppid()
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _leave_the_network()
    for module in preload:
        importlib.import_module(module)
    children: set[int] = set()
    # A fork of the client may hold the socket open after the client died: so its process id is watched too.
    while os.getppid() == parent:
        readable, _, _ = select.select([control], [], [], _HEARTBEAT)
        if not readable:
            _sweep(children)
            continue
        message, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
        if not message:
            break
        request = json.loads(message)
        if "end" in request:
            status, peak = _end(request["end"], children)
            answer: dict[str, Any] = {"status": status, "peak_bytes": peak}
        else:
            answer = _fork(request, descriptors[0], control, children)
        control.sendall(json.dumps(answer).encode())
    for pid in tuple(children):
        _end(pid, children)
    sys.exit(0)


def _leave_the_network() -> None:
    """Where the kernel lets us, no socket made here reaches anyone; children inherit that."""
    if _libc.unshare(_CLONE_NEWNET) != 0:
        _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _fork(request: dict[str, Any], channel_fd: int, control: socket.socket, children: set[int]) -> dict[str, Any]:
    try:
        pid = os.fork()
    except OSError as error:
        os.close(channel_fd)
        return {"error": str(error)}
    if pid == 0:
        control.close()
        _child(request, channel_fd)
    os.close(channel_fd)
    children.add(pid)
    return {"pid": pid}


def _child(request: dict[str, Any], channel_fd: int) -> NoReturn:
    """Take the limits, then do the one thing asked for; never return into the nursery's loop."""
    status = 70
    try:
        nursery = os.getppid()
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != nursery:
            os._exit(status)
        os.setsid()
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        quiet = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(quiet, standard)
        for name, value in request["limits"].items():
            _lower(getattr(resource, name), value)
        with socket.socket(fileno=channel_fd) as channel:
            pkgutil.resolve_name(request["target"])(channel)
        status = 0
    finally:
        os._exit(status)


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    # SIGXCPU comes at the soft limit and names the cause; the hard limit two seconds later is for those who ignore it.
    spare = 2 if kind == resource.RLIMIT_CPU else 0
    resource.setrlimit(kind, (ceiling, ceiling + spare if hard == resource.RLIM_INFINITY else ceiling))


def _end(pid: int, children: set[int]) -> tuple[int | None, int]:
    """Kill what is left of the child and its group, reap it, and say how it had ended.

    Returns:
        The exit status as ``waitstatus_to_exitcode`` gives it (negative: signal), None when it is unknown; and the most
        memory it had resident, in bytes.
    """
    if pid not in children:
        return None, 0
    status, peak = None, 0
    deadline = time.monotonic() + _REAP_SECONDS
    # A child that has ended by itself keeps its own status: signals do not change a zombie.
    _kill_group(pid)
    while time.monotonic() < deadline:
        reaped, raw, usage = os.wait4(pid, os.WNOHANG)
        if reaped:
            status, peak = os.waitstatus_to_exitcode(raw), usage.ru_maxrss << 10
            break
        time.sleep(0.001)
    children.discard(pid)
    _sweep(children)
    return status, peak


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # a child killed before its setsid() has no group yet


def _sweep(children: set[int]) -> None:
    """Kill and reap orphans that a child has left behind outside its group: being the subreaper, we inherit them."""
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    try:
        ours = {int(pid) for pid in listing.read_text().split()}
    except OSError:  # a kernel without that list: process groups must do
        return
    for orphan in ours - children:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(orphan, signal.SIGKILL)
            os.waitpid(orphan, 0)
