"""Runs the product in the foreground until Ctrl-C or SIGTERM. `make run`, `make demo`, `make dev`, `python app.py`."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable

import config
from launch import claims, programs, valkey
from launch.supervisor import Program, StartError, Supervisor
from private_files import set_umask

READY_SECONDS = 180


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 after a stop that was asked for, 1 when the start failed, 2 for a bad environment value."""
    options = _options(arguments)
    set_umask()
    supervisor = Supervisor()
    stop_on_signals(supervisor)
    try:
        settings = config.load()
        _run(supervisor, settings, options)
    except config.ConfigError as error:
        return _fail("These variables of the environment or of .env cannot be used:", str(error), code=2)
    except StartError as error:
        return _fail("Cannot start.", str(error), code=1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return _fail("Cannot start.", f"The disk of DATA_DIR {settings.data_dir} is full. Free some space.", code=1)
    finally:
        supervisor.stop()
    supervisor.say("stopped")
    return 0


def stop_on_signals(supervisor: Supervisor) -> None:
    """Let Ctrl-C, TERM and a closed terminal end `supervisor` in order."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.ask_to_stop())


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m launch", description=__doc__)
    parser.add_argument("--api", action="store_true", help="only the API: no worker, no Beat")
    parser.add_argument("--demo", action="store_true", help="load demonstration data first")
    parser.add_argument("--dev", action="store_true", help="reload on changes; the page by Vite on port 5173")
    parser.add_argument("--with-parent", action="store_true", help="stop when the calling process ends")
    return parser.parse_args(arguments)


def _run(supervisor: Supervisor, settings: config.Settings, options: argparse.Namespace) -> None:
    if settings.production and (options.dev or options.demo):
        raise StartError("APP_ENV=production takes neither --dev nor --demo: they are for a local run.")
    lock = claims.claim_data_dir(settings.data_dir)
    with lock, claims.claim_port(settings) as listener:
        valkey.remove_address(settings.data_dir)  # a killed run may have left one
        try:
            # Without REDIS_URL the settings may name the server of a run that was still stopping when they were read.
            named = settings.redis_url if config.names_redis() else None
            environment = {"REDIS_URL": named or valkey.start(supervisor, settings.data_dir)}
            notices = _step(supervisor, programs.prepare(environment, only_schema=options.demo))
            _serve(supervisor, settings, options, environment, listener)
            if options.demo:  # lived through before a worker is there, whose clock is the real one
                notices += _step(supervisor, programs.demo(environment))
                notices += _step(supervisor, programs.prepare(environment))  # now there is an administrator
            _work(supervisor, settings, options, environment)
            _print_ready(supervisor, settings, options, notices)
            supervisor.watch(_parent_alive(options.with_parent))
            supervisor.say("stopping")
        finally:
            listener.close()  # once the web processes close theirs, a new connection is refused and not queued
            supervisor.stop()
            valkey.remove_address(settings.data_dir)


def _serve(
    supervisor: Supervisor,
    settings: config.Settings,
    options: argparse.Namespace,
    environment: dict[str, str],
    listener: socket.socket,
) -> None:
    web = supervisor.start(programs.web(environment, settings, listener, reload=options.dev))
    ready = supervisor.wait_until(lambda: programs.healthy(settings), web, READY_SECONDS)
    if not ready and not supervisor.stopping:
        raise StartError("The web server did not become ready; its lines above say why.")


def _work(
    supervisor: Supervisor, settings: config.Settings, options: argparse.Namespace, environment: dict[str, str]
) -> None:
    if options.api or supervisor.stopping:
        return
    supervisor.start(programs.worker(environment, settings))
    supervisor.start(programs.beat(environment))
    if options.dev:
        supervisor.start(programs.vite(environment, settings))


def _step(supervisor: Supervisor, program: Program) -> list[str]:
    """Run a step; its output is repeated when all is ready, so that a link or a login is not scrolled away."""
    if supervisor.stopping:
        return []
    exit_code, output, complaints = supervisor.run_step(program)
    if exit_code and not supervisor.stopping:
        raise StartError(complaints[-1] if complaints else f"The step {program.name!r} ended with {exit_code}.")
    return output


def _print_ready(
    supervisor: Supervisor, settings: config.Settings, options: argparse.Namespace, notices: list[str]
) -> None:
    if supervisor.stopping:
        return
    host = "localhost" if settings.host == "127.0.0.1" else programs.local_address(settings.host)
    page = f"http://{host}:{programs.VITE_PORT if options.dev else settings.port}"
    is_file = settings.database_url.startswith("sqlite")
    database = settings.database_url.partition(":///")[2] if is_file else "PostgreSQL (DATABASE_URL)"
    lines = [
        f"{settings.site_name} is ready: {page}   (API: http://{host}:{settings.port}/docs)",
        f"Database: {database}. Other data: {settings.data_dir}. Exports: {settings.export_dir}",
        *notices,
        *_warnings(settings),
        "Ctrl-C stops everything.",
    ]
    for line in lines:
        supervisor.say(line)


def _warnings(settings: config.Settings) -> list[str]:
    if settings.production or settings.host in ("127.0.0.1", "::1", "localhost"):
        return []
    return [f"Careful: HOST={settings.host} lets others in, and APP_ENV=local allows weak passwords."]


def _parent_alive(enabled: bool) -> Callable[[], bool]:
    parent = os.getppid()
    return lambda: not enabled or os.getppid() == parent


def _fail(headline: str, reasons: str, code: int) -> int:
    sys.stderr.write(headline + "".join(f"\n  {line}" for line in reasons.splitlines()) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
