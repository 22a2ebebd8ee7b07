"""The runner's engine, with small programs in place of the product."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

import config
from launch import pulse
from launch import supervisor as engine
from launch.supervisor import Program, Supervisor

BACKEND = config.ROOT / "backend"
PRINT_AND_WAIT = "import signal, sys, time; print('up', flush=True); time.sleep(600)"
IGNORE_TERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + PRINT_AND_WAIT


@pytest.fixture
def supervisor():
    lines = []
    new_supervisor = Supervisor(lines.append)
    new_supervisor.lines = lines
    yield new_supervisor
    new_supervisor.ask_to_stop()
    new_supervisor._hurry = True
    new_supervisor.stop()


@pytest.fixture
def program(tmp_path):
    def program(code, name="child", **more):
        return Program(name=name, command=(sys.executable, "-c", code), directory=tmp_path, **more)

    return program


def output(supervisor):
    return "".join(supervisor.lines)


def test_lines_carry_the_name_of_their_program(supervisor, program, until):
    supervisor.start(program("print('héllo'); import sys; print('bad', file=sys.stderr)"))
    until(lambda: "bad" in output(supervisor) and "héllo" in output(supervisor))
    assert "child  | héllo\n" in output(supervisor)


def test_a_step_gives_its_exit_code_its_output_and_its_complaints(supervisor, program):
    step = program("import sys; print('a link'); print('trouble', file=sys.stderr); sys.exit(3)")
    assert supervisor.run_step(step) == (3, ["a link"], ["trouble"])


def test_a_stop_ends_a_step_that_is_still_running(supervisor, program):
    threading.Timer(0.5, supervisor.ask_to_stop).start()
    code, _, _ = supervisor.run_step(program(PRINT_AND_WAIT))
    assert code == -signal.SIGTERM


def test_standard_input_reaches_the_program_and_ends(supervisor, program):
    step = program("import sys; print(sys.stdin.read().upper())", stdin=b"password")
    assert supervisor.run_step(step)[1] == ["PASSWORD"]


def test_stages_end_one_after_the_other(supervisor, program, tmp_path, until):
    leave_late = (
        "import signal, sys, time\n"
        "def stop(*_):\n    time.sleep({pause}); print('left', time.monotonic(), flush=True); sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop); print('up', flush=True); time.sleep(600)"
    )
    supervisor.start(program(leave_late.format(pause=0), name="store", stage=2))
    supervisor.start(program(leave_late.format(pause=0.6), name="worker", stage=1))
    supervisor.start(program(leave_late.format(pause=0.3), name="web", stage=0))
    until(lambda: output(supervisor).count("up") == 3)
    supervisor.stop()
    left = [line.split("|")[0].strip() for line in output(supervisor).splitlines() if "left" in line]
    assert left == ["web", "worker", "store"]


def test_one_that_does_not_listen_is_killed_after_its_grace(supervisor, program, until):
    child = supervisor.start(program(IGNORE_TERM, grace=0.5))
    until(lambda: "up" in output(supervisor))
    supervisor.stop()
    assert not psutil.pid_exists(child.pid)
    assert "child did not end in time" in output(supervisor)


def test_asking_twice_does_not_wait_for_the_grace(supervisor, program, until):
    supervisor.start(program(IGNORE_TERM, grace=200))
    until(lambda: "up" in output(supervisor))
    supervisor.ask_to_stop()
    until(lambda: _ask_again(supervisor), what="a second request that counts")
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 50


def _ask_again(supervisor):
    supervisor.ask_to_stop()
    return supervisor._hurry


def test_the_same_signal_twice_at_once_is_one_request(supervisor, monkeypatch):
    """`kill -TERM -- -GROUP` and systemd signal the runner and the make that forwards it."""
    monkeypatch.setattr(engine, "SECOND_REQUEST_SECONDS", 3600)
    supervisor.ask_to_stop()
    supervisor.ask_to_stop()
    assert supervisor.stopping
    assert not supervisor._hurry


RUNNER = """
from launch.__main__ import stop_on_signals
from launch.supervisor import Supervisor
supervisor = Supervisor()
stop_on_signals(supervisor)
print("up", flush=True)
supervisor.watch()
supervisor.stop()
print("stopped", flush=True)
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_signals_close_together_never_hang_the_runner():
    """200 pairs. (A handler that calls `Event.set()` hung in several of them: it interrupted itself.)"""
    hung = 0
    for _ in range(10):
        runners = [
            subprocess.Popen([sys.executable, "-c", RUNNER], cwd=BACKEND, stdout=subprocess.PIPE) for _ in range(20)
        ]
        for runner in runners:
            assert runner.stdout.readline() == b"up\n"
        for runner in runners:
            runner.send_signal(signal.SIGTERM)
            runner.send_signal(signal.SIGTERM)
        for runner in runners:
            try:
                hung += runner.communicate(timeout=60)[0] != b"stopped\n"
            except subprocess.TimeoutExpired:
                hung += 1
                runner.kill()
                runner.communicate()
    assert hung == 0


def test_the_first_restart_is_immediate():
    assert engine.RESTART_PAUSES[0] == 0
    assert all(later > 0 for later in engine.RESTART_PAUSES[1:])


def test_children_of_a_child_end_with_it(supervisor, program, until):
    parent = (
        "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "print('pid', p.pid, flush=True); time.sleep(600)"
    )
    supervisor.start(program(parent))
    until(lambda: "pid" in output(supervisor))
    grandchild = int(output(supervisor).split("pid ")[1].split()[0])
    supervisor.stop()
    until(lambda: not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE)


def test_a_crash_is_answered_with_longer_and_longer_pauses(supervisor, program, monkeypatch, until):
    monkeypatch.setattr(engine, "RESTART_PAUSES", (0.1, 0.2, 0.4))
    supervisor.start(program("import sys; sys.exit(7)"))
    watching = threading.Thread(target=supervisor.watch)
    # Children that are started by a thread die with it, so the watching thread stays until all is seen.
    watching.start()
    until(lambda: output(supervisor).count("exit code 7") >= 4)
    supervisor.ask_to_stop()
    watching.join()
    pauses = [line.rsplit("in ", 1)[1] for line in output(supervisor).splitlines() if "starting it again" in line]
    assert pauses[:4] == ["0.1 s", "0.2 s", "0.4 s", "0.4 s"]


def test_a_child_that_ends_at_once_is_not_waited_for(supervisor, program):
    child = supervisor.start(program("raise SystemExit(1)"))
    began = time.monotonic()
    assert supervisor.wait_until(lambda: False, child, seconds=200) is False
    assert time.monotonic() - began < 50


def test_a_terminal_that_went_away_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        os.write(writer, b"control")
    Supervisor(lambda text: os.write(writer, text.encode())).say("into the void")
    os.close(writer)


def test_a_quiet_program_is_heard_only_when_it_fails(supervisor, program, until):
    child = supervisor.start(program("print('hello', flush=True); import time; time.sleep(600)", quiet=True))
    until(lambda: "hello" in child.output)
    assert output(supervisor) == ""
    supervisor.discard(child)
    assert "child  | hello" in output(supervisor)


BEAT_FOR_A_WHILE = (
    "import os, sys, time; sys.path.insert(0, {backend!r}); from launch import pulse\n"
    "print('up', os.getpid(), flush=True)\n"
    "while True:\n    pulse.beat(); time.sleep(0.05)\n"
)


def pids(supervisor):
    return [int(line.split()[-1]) for line in output(supervisor).splitlines() if "| up " in line]


def watch(supervisor):
    """The children are started by a thread here: PR_SET_PDEATHSIG looks at it, so it lives as long as the test."""
    thread = threading.Thread(target=supervisor.watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("end", [signal.SIGSTOP, None], ids=["stopped", "hung"])
def test_a_child_that_falls_silent_is_replaced(supervisor, program, until, monkeypatch, end):
    """A stopped process does not end by itself, and neither does one that hangs."""
    monkeypatch.setattr(engine, "RESTART_PAUSES", (0,))
    code = BEAT_FOR_A_WHILE.format(backend=str(BACKEND))
    if end is None:
        code = code.replace("pulse.beat(); time.sleep(0.05)", "pulse.beat(); time.sleep(3600)")
    supervisor.start(program(code, silent_after=3))
    watch(supervisor)
    until(lambda: pids(supervisor))
    if end is not None:
        os.kill(pids(supervisor)[0], end)
    until(lambda: len(pids(supervisor)) > 1)
    assert "child has been silent for 3 s; killing it" in output(supervisor)
    assert not psutil.pid_exists(pids(supervisor)[0])


def test_a_child_that_beats_is_left_alone_and_one_without_a_limit_too(supervisor, program, until):
    supervisor.start(program(BEAT_FOR_A_WHILE.format(backend=str(BACKEND)), silent_after=5))
    supervisor.start(program(PRINT_AND_WAIT, name="calm"))
    watch(supervisor)
    until(lambda: pids(supervisor))
    time.sleep(8)
    assert len(pids(supervisor)) == 1
    assert "silent" not in output(supervisor)


def test_a_runner_that_was_asleep_itself_gives_its_children_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("launch.pulse.time.monotonic", lambda: now[0])
    one = pulse.Pulse(silent_after=10)
    os.write(one.writer, b".")
    assert not one.is_silent()
    now[0] = 3600.0  # Ctrl-Z, `fg` an hour later
    assert not one.is_silent()
    for _ in range(3):
        now[0] += 4
        silent = one.is_silent()
    assert silent
    one.close()
    os.close(one.writer)


def test_a_beat_without_a_runner_or_with_a_full_pipe_does_nothing(monkeypatch):
    monkeypatch.delenv(pulse.VARIABLE, raising=False)
    pulse.beat()
    one = pulse.Pulse(silent_after=10)
    monkeypatch.setenv(pulse.VARIABLE, str(one.writer))
    for _ in range(70_000):  # more than a pipe takes
        pulse.beat()
    assert not one.is_silent()
    one.close()
    pulse.beat()  # the runner is gone
    os.close(one.writer)
