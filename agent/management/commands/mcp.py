"""`manage.py mcp`: MCP over standard input and output, for an assistant on the same machine."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

import anyio
from django.core.management.base import BaseCommand, CommandError
from rest_framework.exceptions import AuthenticationFailed

from accounts.authentication import holder_of
from agent.mcp.calling import Caller
from common.clock import now

VARIABLE = "PUFFLING_TOKEN"


class Command(BaseCommand):
    help = (
        f"Serve MCP over stdin and stdout for the holder of the personal token in {VARIABLE}: scope read looks, trade"
        " proposes. Exit codes: 0 the client went away, 1 the token cannot be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--variable", default=VARIABLE, help="the environment variable that holds the token")

    def handle(self, *args: Any, variable: str, **options: Any) -> None:
        secret = os.environ.get(variable, "")
        try:
            caller = Caller.of(holder_of(secret, now=now()))
        except AuthenticationFailed as error:
            raise CommandError(f"{variable}: {error.detail}") from None
        if caller is None:
            raise CommandError(f"{variable}: the token needs the scope read or trade.")
        anyio.run(_serve, caller)


async def _serve(caller: Caller) -> None:
    from mcp.server.stdio import stdio_server  # noqa: PLC0415  (57 MB and a second that --help does not pay)

    from agent.mcp.server import server_for  # noqa: PLC0415  (the same)

    server = server_for(caller)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
