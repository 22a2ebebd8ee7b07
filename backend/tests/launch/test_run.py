"""`make run`: everything starts, everything ends, also when the runner is killed. Real processes."""

import contextlib
import fcntl
import os
import signal
import stat
import subprocess
import sys

import psutil
import pytest

import config

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
BACKEND = config.ROOT / "backend"
PARTS = {
    "web": ("gunicorn",),
    "worker": ("celery", "worker", "--pool"),
    "beat": ("celery", "beat"),
    "valkey": ("valkey-server",),
}


def part(run, name):
    return run.process_with(*PARTS[name])


def well(run, name):
    """What Compose's health check asks."""
    check = [sys.executable, "-m", "launch.health", name]
    return subprocess.call(check, cwd=BACKEND, env=run.environ) == 0


def test_one_command_starts_all_parts_and_term_ends_them_all(new_run, until):
    run = new_run().start().ready()
    assert run.health() == 200
    until(lambda: all(part(run, name) for name in PARTS), what="all parts")
    for name in ("worker", "beat"):
        until(lambda name=name: well(run, name), 180, f"{name} to be well")
    assert stat.S_IMODE((run.data / "valkey.url").stat().st_mode) == 0o600
    assert stat.S_IMODE((run.data / "secrets.json").stat().st_mode) == 0o600
    output = run.output()
    assert f"http://localhost:{run.port}" in output
    assert str(run.data) in output
    assert "Traceback" not in output

    assert run.stop() == 0
    assert run.family() == {}
    assert not (run.data / "valkey.url").exists()
    ended = run.output().rindex
    assert ended("stopping") < ended("stopped")

    again = new_run(PORT=str(run.port)).start("--api").ready()  # the same folder and port, at once
    assert again.health() == 200
    assert again.stop(signal.SIGINT) == 0
    assert again.family() == {}


def test_a_start_while_the_last_run_still_stops_has_a_valkey_of_its_own(new_run, until):
    """The settings are read while the old run holds the folder, and its address with it."""
    run = new_run()
    run.data.mkdir(parents=True)
    (run.data / "valkey.url").write_text("redis://:gone@127.0.0.1:1/0")
    with (run.data / "run.lock").open("a+") as old_run:
        fcntl.flock(old_run, fcntl.LOCK_EX)
        run.start()

        def waits():
            with contextlib.suppress(psutil.Error):
                return any(file.path.endswith("run.lock") for file in psutil.Process(run.process.pid).open_files())

        until(waits, what="the new run to ask for the folder")
        fcntl.flock(old_run, fcntl.LOCK_UN)
    run.ready()
    assert part(run, "valkey")
    until(lambda: well(run, "worker"), 180, "the worker to be well")
    assert run.stop() == 0


def test_nothing_outlives_a_killed_runner_and_the_next_start_is_undisturbed(new_run, until):
    run = new_run().start().ready()
    until(lambda: all(part(run, name) for name in PARTS), what="all parts")
    run.process.kill()
    run.process.wait()
    run.wait_for_end()
    assert (run.data / "valkey.url").exists(), "a killed run leaves its address, which nobody may believe"

    again = new_run(PORT=str(run.port)).start("--api").ready()
    assert again.health() == 200
    assert again.stop() == 0


def test_the_run_ends_with_the_make_that_started_it(new_run):
    run = new_run()
    shell = f"{sys.executable} -m launch --api --with-parent & wait"
    run.start(command=("sh", "-c", shell)).ready()
    run.process.kill()
    run.process.wait()
    run.wait_for_end()
    assert "stopped" in run.output(), "gently"


def test_a_part_that_dies_is_started_again(new_run, until):
    run = new_run().start().ready()
    until(lambda: all(part(run, name) for name in PARTS), what="all parts")
    address = (run.data / "valkey.url").read_text()
    for name in ("valkey", "beat", "web"):
        before = part(run, name)
        os.killpg(os.getpgid(before), signal.SIGKILL)
        run.says(f"{name} ended (exit code -9)")
        until(lambda name=name, before=before: (part(run, name) or before) != before, what=f"{name} again")
    until(run.healthy, 180, "the web server to answer again")
    assert (run.data / "valkey.url").read_text() == address
    assert run.stop() == 0
    assert run.family() == {}


def test_two_signals_at_once_end_ten_runs_gently(new_run):
    """`kill -TERM -- -GROUP` and systemd signal the runner and the make that forwards it."""
    runs = [new_run(f"run{number}").start("--api") for number in range(10)]
    for number, run in enumerate(runs):
        if number % 2:
            run.ready(300)  # the others are signalled while they start
    for run in runs:
        run.process.send_signal(signal.SIGTERM)
        run.process.send_signal(signal.SIGTERM)
    for run in runs:
        assert run.process.wait(300) in (0, -signal.SIGTERM), run.output()
        run.wait_for_end()
        assert "did not end in time" not in run.output()


def test_a_killed_web_master_is_replaced_without_a_pause(new_run, until):
    run = new_run().start("--api").ready()
    master = part(run, "web")
    os.kill(master, signal.SIGKILL)
    run.says("web ended (exit code -9); starting it again now")
    until(run.healthy, 180, "the web server to answer again")
    assert part(run, "web") != master
    assert run.stop() == 0


def test_two_installations_run_side_by_side(new_run):
    one, two = new_run("one").start("--api"), new_run("two").start("--api")
    one.ready()
    two.ready()
    assert (one.health(), two.health()) == (200, 200)
    assert (one.data / "valkey.url").read_text() != (two.data / "valkey.url").read_text()
    assert one.stop() == 0
    assert two.health() == 200
    assert two.stop() == 0


def test_the_clients_own_commands_work_side_by_side(new_run, until):
    """`python app.py` in one terminal, `celery … worker` and `… beat` in two others, all in backend/."""
    run = new_run().start(command=(sys.executable, "app.py")).ready()
    assert run.health() == 200
    assert part(run, "worker") is None
    celery = [sys.executable, "-m", "celery", "-A", "celery_worker.celery"]
    logs = {name: (run.folder / f"{name}.log") for name in ("worker", "beat")}
    for name, log in logs.items():
        subprocess.Popen([*celery, name], cwd=BACKEND, env=run.environ, stdout=log.open("w"), stderr=subprocess.STDOUT)
    until(lambda: well(run, "worker"), 180, "the worker to answer")
    until(lambda: list(run.data.glob("celerybeat-schedule*")), what="Beat's schedule file in the data folder")
    assert not list(BACKEND.glob("celerybeat-schedule*"))
    assert run.stop() == 0


def test_an_unfinished_reply_to_make_head_does_not_stop_the_run(new_run, until):
    """`make run | head -1`: the reader goes away, the product stays."""
    run = new_run()
    shell = f"{sys.executable} -m launch --api | head -1"
    run.start(command=("sh", "-c", shell))
    until(run.healthy, 120, "the run to serve")
    runner = next(p for p in psutil.Process(run.process.pid).children() if "launch" in p.cmdline())
    runner.terminate()
    run.wait_for_end()
