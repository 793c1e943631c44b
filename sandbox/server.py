"""Puts the simulated providers together in one process and keeps them running until told to stop."""

import asyncio
import json
import signal
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox import (
    control,
    ekyc,
    ekyc_pages,
    gbiz,
    houjin,
    identity_provider,
    identity_provider_saml,
    inbox,
    line,
    line_accounts,
    line_notices,
    postmark,
    print_shop,
    sftp,
    sms_gateway,
    smtp,
    timestamping,
    twilio,
    twilio_setup,
)
from sandbox.keeping import keep, recall
from sandbox.people import People
from sandbox.scenario import Scenario
from sandbox.world import WORLD, World

BODY_LIMIT = 4 * 1024 * 1024
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Options:
    """What the command line said."""

    port: int
    smtp_port: int
    data: Path
    host: str = "127.0.0.1"
    scenario: Path | None = None
    people: tuple[str, ...] = ()
    callback_base: str | None = None
    bounce_smtp: str | None = None
    sftp_port: int = 0


@web.middleware
async def without_stack_traces(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A fault of the sandbox is counted and said in one line, never shown as a trace."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except (ConnectionResetError, asyncio.CancelledError):
        raise
    except Exception as error:
        request.app[WORLD].store.requests["sandbox.faults"] += 1
        request.app[WORLD].courier.last_errors["sandbox"] = f"{request.path}: {type(error).__name__}: {error}"
        return web.json_response({"error": "the sandbox failed", "what": type(error).__name__}, status=500)


def build_world(options: Options) -> World:
    scenario = Scenario.from_file(options.scenario) if options.scenario else Scenario()
    if options.callback_base:
        scenario.patch({"callback_base": options.callback_base})
    if options.bounce_smtp:
        scenario.patch({"bounce_smtp": options.bounce_smtp})
    people = People()
    for argument in options.people:
        people.load_file(argument)
    options.data.mkdir(parents=True, exist_ok=True)
    (options.data / "ports.json").unlink(missing_ok=True)
    world = World(scenario=scenario, people=people, data=options.data.resolve())
    recall(world.store, world.data)
    return world


def build_app(world: World) -> web.Application:
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[without_stack_traces])
    app[WORLD] = world
    messages = (line, line_accounts, line_notices, twilio, twilio_setup, sms_gateway, postmark, print_shop)
    providers = (*messages, ekyc, ekyc_pages, houjin, gbiz, timestamping)
    directories = (identity_provider, identity_provider_saml)
    for part in (*providers, *directories, control, inbox):
        part.add_routes(app)
    app.router.add_static("/static", HERE / "static")
    return app


def _announce(file: Path, ports: dict[str, int]) -> None:
    """Writes the file in one step: whoever waits for it never reads half of it."""
    draft = file.with_suffix(".tmp")
    draft.write_text(json.dumps(ports), encoding="utf-8")
    draft.replace(file)


async def serve(options: Options) -> None:
    """Runs until SIGTERM or SIGINT; prints one line when its ports listen."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    world = build_world(options)
    app = build_app(world)
    files = sftp.SftpServer(world.data / "sftp", options.host, options.sftp_port).start()
    sftp.add_routes(app, files)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, options.host, options.port, backlog=512)
    await site.start()
    port = runner.addresses[0][1]
    world.http_base = f"http://{options.host}:{port}"
    mail = await loop.create_server(lambda: smtp.new_server(world), options.host, options.smtp_port)
    mail_port = mail.sockets[0].getsockname()[1]
    await world.courier.start()
    _announce(world.data / "ports.json", {"http": port, "smtp": mail_port, "sftp": files.port})
    print(f"sandbox ready http={world.http_base} smtp={options.host}:{mail_port}", flush=True)
    await stop.wait()
    mail.close()
    files.stop()
    keep(world.store, world.data)
    world.reset()
    await world.courier.stop()
    await runner.cleanup()
