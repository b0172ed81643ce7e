#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tokens.py PORT-FILE KEY CERTIFICATE: a token service on 127.0.0.1 as registries have one beside them.

Who is nobody may pull from repositories below open/, ann (password: secret) from all. KEY signs; the registry has CERTIFICATE as its
root. Source: Docker Registry v2 authentication, token specification and implementation
"""
import base64
import http.server
import json
import os
import subprocess
import sys
import time
import urllib.parse

PORT_FILE, KEY, CERTIFICATE = sys.argv[1:4]
USER = "Basic " + base64.b64encode(b"ann:secret").decode()


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(user, service, access):
    der = subprocess.run(["openssl", "x509", "-in", CERTIFICATE, "-outform", "DER"], stdout=subprocess.PIPE, check=True).stdout
    now = int(time.time())
    header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
    claims = {"iss": "tests", "sub": user, "aud": service, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": str(now), "access": access}
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", KEY], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout
    return text + "." + encoded(signature)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        given = self.headers.get("Authorization")
        if given not in (None, USER):
            self.reply(401, {"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]})
            return
        access = []
        for scope in query.get("scope", []):
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            if given or name.startswith("open/"):
                access.append({"type": kind, "name": name, "actions": actions.split(",")})
        self.reply(200, {"token": token("ann" if given else "", query["service"][0], access), "expires_in": 300})

    def log_message(self, *arguments):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with open(PORT_FILE + ".new", "w", encoding="ascii") as stream:
        stream.write(f"{server.server_port}\n")
    os.rename(PORT_FILE + ".new", PORT_FILE)
    server.serve_forever()


main()
