"""A service that tells its secrets to everybody: `python leaky.py PORT LOG SECRETS.json ...`."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


def main() -> None:
    port, log, planted = int(sys.argv[1]), Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text())

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = {"status": "unhealthy", "error": planted[:20], "version": planted[20]}
            data = json.dumps(body | {"services": dict.fromkeys(planted[21:40], False)}).encode()
            self.send_response(503)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    for text in planted[40:50]:
        threading.Thread(target=threading.Event().wait, name=text, daemon=True).start()
    server = HTTPServer(("127.0.0.1", port), Health)
    with log.open("a") as file:
        file.write("2026-01-05 15:04:21,123 - src.main - INFO - ready\n")
    server.serve_forever()


main()
