"""The command line: python -m sandbox."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from sandbox.people import PeopleRefused
from sandbox.scenario import ScenarioRefused
from sandbox.server import Options, serve


def read_options(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Every provider, simulated, and an inbox.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=9100, help="HTTP port; 0 picks a free one")
    parser.add_argument("--smtp-port", type=int, default=9125, help="SMTP port; 0 picks a free one")
    parser.add_argument("--sftp-port", type=int, default=0, help="SFTP port; 0 picks a free one")
    parser.add_argument("--data", type=Path, required=True, help="directory for letters and ports.json")
    parser.add_argument("--scenario", type=Path, help="JSON laid over the built-in scenario")
    parser.add_argument("--people", nargs="*", default=[], action="extend", metavar="[SLUG=]FILE.csv")
    parser.add_argument("--callback-base", help="send every callback to this origin")
    parser.add_argument("--bounce-smtp", metavar="HOST:PORT", help="give returned mail to this mail server")
    given = parser.parse_args(arguments)
    return Options(
        port=given.port,
        smtp_port=given.smtp_port,
        data=given.data,
        host=given.host,
        scenario=given.scenario,
        people=tuple(given.people),
        callback_base=given.callback_base,
        bounce_smtp=given.bounce_smtp,
        sftp_port=given.sftp_port,
    )


def main() -> int:
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    options = read_options(sys.argv[1:])
    try:
        asyncio.run(serve(options))
    except (ScenarioRefused, PeopleRefused, ValueError) as problem:
        print(f"sandbox: {problem}", file=sys.stderr)
        return 2
    except OSError as problem:
        print(f"sandbox: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
