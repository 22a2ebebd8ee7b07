"""A worker that can be killed: for every moment (ISO) on its standard input it forks a child that delivers what is due.

The parent has everything imported, so that a hundred deaths take seconds and not minutes. Arguments: database URL,
data folder, SMTP port.
"""

import dataclasses
import os
import sys
from datetime import datetime
from pathlib import Path

import config
from parking import clock, create_app
from parking.database import db
from parking.mail.tasks import deliver_mail


def main() -> None:
    url, folder, port = sys.argv[1:4]
    settings = dataclasses.replace(
        config.load({"DATA_DIR": str(Path(folder) / "data"), "EXPORT_DIR": folder, "PORT": "5000"}),
        database_url=url,
        redis_url=None,
        smtp_host="127.0.0.1",
        smtp_port=int(port),
        smtp_tls="none",
    )
    app = create_app(settings)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for moment in sys.stdin:
        child = os.fork()
        if child == 0:
            with app.app_context(), clock.set_to(datetime.fromisoformat(moment.strip())):
                deliver_mail()
                db.session.remove()
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


main()
