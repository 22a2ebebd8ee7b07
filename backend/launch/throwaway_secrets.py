"""`python -m launch.throwaway_secrets NAME… -- COMMAND…`: becomes COMMAND, with a random value for every NAME.

For a container that never uses a secret: the settings want all of them, and what it does not have it cannot lose.
"""

from __future__ import annotations

import os
import secrets
import sys


def main(arguments: list[str]) -> None:
    divider = arguments.index("--")
    names, command = arguments[:divider], arguments[divider + 1 :]
    os.environ.update({name: secrets.token_urlsafe(48) for name in names})
    program = sys.executable if command[0] == "python" else command[0]
    os.execvp(program, [program, *command[1:]])  # noqa: S606  # becoming the command, without a shell, is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
