"""Whether the web server of this machine or container is ready: exit code 0, or 1 and why.

`python -m convoai.operations.probe` asks /health/ready as a probe must: addressed to an allowed
name, and as if by HTTPS. It loads nothing of Django, since it runs again and again.
"""

from __future__ import annotations

import http.client
import os
import sys

SECONDS = 8.0


def problem() -> str:
    """Why the server at PORT is not ready; empty when it is."""
    port = os.environ.get("PORT", "").strip() or "8000"
    name = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    headers = {"Host": name if name not in {"", "*"} else "localhost", "X-Forwarded-Proto": "https"}
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SECONDS)
    try:
        connection.request("GET", "/health/ready", headers=headers)
        response = connection.getresponse()
        said = response.read(2_000).decode(errors="replace")
        return "" if response.status == 200 else f"Answered {response.status}: {said}"
    except (OSError, http.client.HTTPException) as error:
        return f"No answer at port {port}: {type(error).__name__}."
    finally:
        connection.close()


if __name__ == "__main__":
    found = problem()
    sys.exit(found or 0)
