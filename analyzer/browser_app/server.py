"""The site on this machine's loopback, for one browser."""

from __future__ import annotations

import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from analyzer.browser_app.static_site import content_security_policy

_LOOPBACK = "127.0.0.1"


class _Handler(SimpleHTTPRequestHandler):
    """Files of the site, each with a policy of its own: workers and frames have one only by that."""

    extensions_map = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".zip": "application/zip",
    }

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", f"{content_security_policy()}; frame-ancestors 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: whoever serves it for themselves wants no log."""


def server(site: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of the site that is ready to serve; port 0 is any that is free. Raises: OSError."""
    return ThreadingHTTPServer((_LOOPBACK, port), partial(_Handler, directory=os.fspath(site)))


def address(served: ThreadingHTTPServer) -> str:
    """What to open in the browser."""
    return f"http://{_LOOPBACK}:{served.server_port}/"
