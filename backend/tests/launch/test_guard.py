"""Nothing outlives the process that started it, by the kernel's help or, elsewhere, by a watcher's."""

import contextlib
import os
import signal
import subprocess
import sys

import psutil
import pytest

import config
from launch import guard

BACKEND = config.ROOT / "backend"
# A parent that starts a guarded sleeper, prints its pid and waits.
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, {start!r}, str(os.getpid()), sys.executable, "-c", "import time; time.sleep(600)"],
    start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""
WITHOUT_THE_KERNEL = """
import sys
sys.path.insert(0, {backend!r})
from launch import guard
guard.exit_with_parent = lambda parent: False
guard.main(sys.argv[1:])
"""
UNGUARDED = "import os, sys; os.execvp(sys.argv[2], sys.argv[2:])"


def alive(pid):
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def orphan_of(script):
    """The pid of a sleeper whose parent has just been killed."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(start=str(script))], stdout=subprocess.PIPE, text=True
    )
    sleeper = int(parent.stdout.readline())
    parent.stdout.close()
    return parent, sleeper


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's own")
def test_the_kernel_ends_an_orphan(until):
    parent, sleeper = orphan_of(guard.__file__)
    until(lambda: "sleep(600)" in "".join(psutil.Process(sleeper).cmdline()))
    parent.kill()
    parent.wait()
    until(lambda: not alive(sleeper), what="the orphan to end")


def test_the_watcher_ends_an_orphan_where_the_kernel_cannot(until, tmp_path):
    script = tmp_path / "watched.py"
    script.write_text(WITHOUT_THE_KERNEL.format(backend=str(BACKEND)))
    parent, sleeper = orphan_of(script)
    until(lambda: psutil.Process(sleeper).children(), what="the watcher")
    watcher = psutil.Process(sleeper).children()[0].pid
    parent.kill()
    parent.wait()
    until(lambda: not alive(sleeper) and not alive(watcher), what="both to end")


def test_the_watcher_leaves_with_its_program(until, tmp_path):
    script = tmp_path / "watched.py"
    script.write_text(WITHOUT_THE_KERNEL.format(backend=str(BACKEND)))
    parent, sleeper = orphan_of(script)
    until(lambda: psutil.Process(sleeper).children(), what="the watcher")
    watcher = psutil.Process(sleeper).children()[0].pid
    os.kill(sleeper, signal.SIGKILL)
    until(lambda: not alive(watcher), what="the watcher to leave")
    parent.kill()
    parent.wait()


def test_control_without_a_guard_the_orphan_lives(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED)
    parent, sleeper = orphan_of(script)
    parent.kill()
    parent.wait()
    with pytest.raises(psutil.TimeoutExpired):
        psutil.Process(sleeper).wait(timeout=1.5)
    os.kill(sleeper, signal.SIGKILL)
