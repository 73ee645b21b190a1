"""Whether Zalo's hosts can be reached, and what time it is there. Changes nothing."""

import time
from dataclasses import dataclass
from datetime import datetime

from zalo.client import Host, Hosts, server_date
from zalo.transport import exchange, failure_name, new_client

# Asked without a token: Zalo refuses, and that is an answer.
_PATHS = {Host.OAUTH: "/v4/oa/permission", Host.OPENAPI: "/v2.0/oa/getoa", Host.BUSINESS: "/template/all"}


@dataclass(frozen=True, slots=True)
class Reached:
    """One host. `problem` is "" when it answered, whatever it said; `date` is its Date header, aware UTC.

    `took` is seconds from the request to the whole answer: the date was true somewhere within them.
    """

    host: Host
    problem: str = ""
    date: datetime | None = None
    took: float = 0.0


async def reach(hosts: Hosts, host: Host, *, limit: float) -> Reached:
    """Ask the host something that it refuses, for at most `limit` seconds. Never raises."""
    client = new_client(total_limit=limit)
    began = time.monotonic()
    try:
        request = client.build_request("GET", hosts.url(host, _PATHS[host]))
        response, _ = await exchange(client, request, total_limit=limit)
    except TimeoutError:
        return Reached(host, f"no answer within {limit:g} s")
    except Exception as failure:
        return Reached(host, _reason(failure_name(failure)))
    finally:
        await client.aclose()
    return Reached(host, "", server_date(response), time.monotonic() - began)


def _reason(name: str) -> str:
    if "Certificate" in name or "SSL" in name:
        return f"its certificate is not accepted ({name})"
    if "DNS" in name or "gaierror" in name:
        return f"its name is not found ({name})"
    return f"no connection ({name})"
