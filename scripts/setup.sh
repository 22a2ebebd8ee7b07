#!/bin/sh
# Finds a Python that is new enough and hands over to setup.py. Arguments: see setup.py.
here=${0%/*}
for python in python3.11 python3.12 python3.13 python3.14 python3 python; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" "$here/setup.py" "$@"
    fi
done
echo "Python 3.11 or newer is needed and was not found on PATH." >&2
echo "Install it (Debian/Ubuntu: apt install python3 python3-venv; macOS: brew install python) and try again." >&2
exit 1
