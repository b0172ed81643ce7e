#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""gate.py UPSTREAM DIRECTORY: stands before a registry on a port of its own, which it writes to DIRECTORY/port.

Each request is a line of DIRECTORY/log: method and path. A blob whose hex digits name a file in DIRECTORY is held: its
headers and half of its bytes come, then nothing, until the file is gone.
"""
import http.server
import os
import pathlib
import sys
import threading
import time
import urllib.error
import urllib.request

upstream, directory = sys.argv[1], pathlib.Path(sys.argv[2])
lock = threading.Lock()


class Gate(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        with lock, open(directory / "log", "a") as log:
            log.write(f"{self.command} {self.path}\n")
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
        try:
            reply = urllib.request.urlopen(urllib.request.Request(f"http://{upstream}{self.path}", headers=headers, method=self.command))
        except urllib.error.HTTPError as error:
            reply = error
        body = reply.read() if self.command == "GET" else b""
        self.send_response(reply.status)
        for key, value in reply.headers.items():
            if key.lower() not in ("date", "connection", "transfer-encoding", "content-length"):
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)) if self.command == "GET" else reply.headers.get("Content-Length", "0"))
        self.end_headers()
        held = directory / self.path.rsplit(":", 1)[-1]
        if "/blobs/" in self.path and held.exists():
            self.wfile.write(body[:len(body) // 2])
            self.wfile.flush()
            while held.exists():
                time.sleep(0.02)
            body = body[len(body) // 2:]
        self.wfile.write(body)

    do_GET = do_HEAD = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that went


server = Server(("127.0.0.1", 0), Gate)
(directory / "port.new").write_text(str(server.server_address[1]))
os.rename(directory / "port.new", directory / "port")
server.serve_forever()
