#!/usr/bin/env python
"""Django's command line. `bin/manage` runs it in the right environment, with servers up."""

import os
import sys


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdd.settings")
    from django.core.management import execute_from_command_line

    from audit.acting import acting
    from audit.actors import Actor

    with acting(Actor.system((sys.argv[1:] or ["manage"])[0][:80])):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
