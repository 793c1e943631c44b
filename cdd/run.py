"""What bin/manage and bin/demo run."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

import psycopg

from cdd import demonstration
from cdd.machine import CannotRun, console, data_directory, django, environment_on
from cdd.processes import ProcessesError, Stopped, stop_on_signals
from cdd.servers import ServersError

# Commands that make the tables themselves, or need none.
WITHOUT_TABLES: tuple[list[str], ...] = ([], ["migrate"], ["help"], ["check"], ["prepare_demo"])
USAGE = "Usage: bin/manage COMMAND [ARGUMENTS]  or  bin/demo [--check]"


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code of the command line after `python -m cdd.run`."""
    try:
        match list(arguments):
            case ["manage", *command]:
                return manage(command)
            case ["demo"]:
                stop_on_signals()
                return demonstration.show(data_directory())
            case ["demo", "--check"]:
                stop_on_signals()
                return demonstration.check(data_directory() / "check")
    except Stopped as stopped:
        console.print("Stopped.")
        return stopped.exit_code
    except (CannotRun, ProcessesError, ServersError) as error:
        console.print(str(error), style="red")
        return 1
    console.print(USAGE)
    return 2


def manage(command: Sequence[str]) -> int:
    """Run a Django command as a process of its own, so that the servers stop after it however it ends."""
    with environment_on(data_directory(), os.environ) as environment:
        if not os.environ.get("DATABASE_URL") and list(command[:1]) not in WITHOUT_TABLES:
            make_tables_once(environment)
        # Ctrl-C reaches the command from the terminal; we wait for its end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        child = subprocess.Popen(django(*command), env=environment)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda received, _: child.send_signal(received))
        code = child.wait()
    return code if code >= 0 else 128 - code


def make_tables_once(environment: Mapping[str, str]) -> None:
    """Migrate the embedded database when it is new; later changes of the schema are migrated by hand."""
    with psycopg.connect(environment["DATABASE_OWNER_URL"]) as connection:
        found = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
    if found == (None,):
        console.print("The database is new: making its tables …")
        subprocess.run(django("migrate", "--verbosity", "0"), env=dict(environment), check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
