"""The demo MCP server behind Martlet. It holds no auth code at all: no login, no token check, no secret.

Who is calling arrives in the Martlet-Assertion header, a signed JWT of Martlet's own. A server that nothing but
Martlet can reach may read it as it is, as this one does; any other verifies the signature with the keys at Martlet's
/jwks.
"""

import argparse
import asyncio
import base64
import json
import random
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.dependencies import get_http_headers
from pydantic import Field

server = FastMCP("Martlet demo", instructions="A few small tools to try Martlet with.")


@server.tool(annotations={"readOnlyHint": True})
def time_in_zone(zone: Annotated[str, Field(description="An IANA time zone, such as Europe/Lisbon")] = "UTC") -> str:
    """The time in a time zone."""
    try:
        return datetime.now(ZoneInfo(zone)).isoformat(timespec="seconds")
    except (ZoneInfoNotFoundError, ValueError):
        raise ToolError(f"There is no time zone '{zone}'; try Europe/Lisbon or America/New_York.") from None


@server.tool
def roll_dice(
    count: Annotated[int, Field(ge=1, le=100)] = 2, sides: Annotated[int, Field(ge=2, le=1000)] = 6
) -> dict[str, object]:
    """Rolls dice."""
    rolls = [random.randint(1, sides) for _ in range(count)]
    return {"rolls": rolls, "sum": sum(rolls)}


@server.tool(annotations={"readOnlyHint": True})
def who_am_i() -> dict[str, object]:
    """Who Martlet says is calling. Decoded only, not verified: see the top of this file."""
    headers = get_http_headers(include_all=True)
    assertion = headers.get("martlet-assertion")
    if assertion is None:
        raise ToolError("There is no Martlet-Assertion header: this call did not come through Martlet.")
    return {
        "claims": decode_claims(assertion),
        "authorization_header_present": "authorization" in headers,
        "note": "decoded, not verified; verify with the keys at <iss>/jwks where others can reach the server",
    }


@server.tool(annotations={"readOnlyHint": True})
async def count_slowly(
    context: Context,
    to: Annotated[int, Field(ge=1, le=600)] = 10,
    seconds_each: Annotated[float, Field(ge=0, le=10)] = 1,
) -> str:
    """Counts and reports progress: something that streams."""
    for number in range(to):
        await context.report_progress(number, to)
        await asyncio.sleep(seconds_each)
    await context.report_progress(to, to)
    return f"Counted to {to}."


def decode_claims(token: str) -> dict[str, object]:
    """The claims of a JWT, taken as they are."""
    try:
        payload = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        raise ToolError("The Martlet-Assertion header holds no JWT.") from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=9001)
    arguments = parser.parse_args()
    # Only this machine can reach it: Martlet is the way in.
    server.run(transport="http", host="127.0.0.1", port=arguments.port, path="/mcp", show_banner=False)


if __name__ == "__main__":
    main()
