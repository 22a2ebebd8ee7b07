"""A counter in a file that goes wrong unless one is alone: `python -m tests.faults.counting FOLDER guarded|bare`."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from parking.database.gate import Gate

THREADS, TIMES = 4, 15


def step(file: Path) -> None:
    number = int(file.read_text() or 0)
    time.sleep(0.001)
    draft = file.with_name(f"{os.getpid()}-{threading.get_ident()}")
    draft.write_text(str(number + 1))
    draft.replace(file)


def count(folder: Path, guarded: bool, gate: Gate) -> None:
    for _ in range(TIMES):
        if guarded:
            with gate.entered(300):
                step(folder / "count")
        else:
            step(folder / "count")


def main(folder: Path, guarded: bool) -> None:
    gate = Gate(folder / "gate")
    threads = [threading.Thread(target=count, args=(folder, guarded, gate)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] == "guarded")
