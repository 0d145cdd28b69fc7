"""``serve``: the workbench in a browser."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from tuiwb.base.errors import UserError
from tuiwb.cli import output
from tuiwb.cli.options import Runs, runs_folder

PLACE = 5
app = typer.Typer()


@app.command()
def serve(
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", "-p", metavar="PORT", min=0, max=65535, help="0: a free one.")
    ] = 8686,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            metavar="TOKEN",
            envvar="TUIWB_TOKEN",
            show_envvar=False,
            help="What the address must hold (else TUIWB_TOKEN, else a new one).",
        ),
    ] = None,
    runs: Runs = None,
) -> int:
    """Show the workbench in a browser, at the address that is printed.

    Whoever has the address may do what you may do. It listens on this machine alone; from another,
    forward the port: ssh -L 8686:127.0.0.1:8686 HOST. Closing a tab leaves its runs training.
    """
    try:
        from tuiwb.serve import gate, server
    except ModuleNotFoundError as error:
        raise UserError(
            "a browser needs the extra `serve`, which is not installed",
            found=f"no module called {error.name}",
            next="pip install 'tuiwb[serve]'",
        ) from None
    token = gate.checked(token) if token is not None else gate.new_token()
    os.environ["TUIWB_RUNS"] = str(runs_folder(runs))  # for the workbench of each tab
    with server.listen(host, port) as at:
        output.emit(server.address(at, token))
        output.say("open it in a browser; ctrl+c here ends it, and runs go on training")
        if not at.getsockname()[0].startswith("127."):
            output.say(
                f"{host} is reached from other machines, and what they send is not encrypted"
            )
        server.serve(at, token)
    return 0
