"""An S3 server on loopback for tests: moto's, with each signature checked by botocore first.

    bucket_server.py FOLDER [OBJECTS]

Fills the bucket `reports` with the files of FOLDER, whose names are the keys, percent-encoded. Prints its port, then
serves until its standard input ends; with OBJECTS it goes away when it has given so many.
"""

import os
import pathlib
import sys
import threading
from urllib.parse import parse_qs, unquote

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

KEY, SECRET = "AKIATESTTESTTESTTEST", "a secret/of+tests"
ERROR = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>no</Message></Error>"


def wrong(url, host):
    """The code of what is wrong with a signed question; nothing when it is right."""
    base, _, query = url.partition("?")
    given = {name: values[0] for name, values in parse_qs(query).items()}
    if "X-Amz-Signature" not in given:
        return "AccessDenied"
    key, _, region, service, _ = given["X-Amz-Credential"].split("/")
    if key != KEY:
        return "InvalidAccessKeyId"
    kept = "&".join(part for part in query.split("&") if not part.startswith("X-Amz-Signature="))
    request = AWSRequest("GET", f"http://{host}{base}?{kept}")
    request.context["timestamp"] = given["X-Amz-Date"]
    auth = S3SigV4QueryAuth(Credentials(KEY, SECRET), service, region)
    signed = auth.string_to_sign(request, auth.canonical_request(request))
    right = auth.signature(signed, request)
    return None if right == given["X-Amz-Signature"] else "SignatureDoesNotMatch"


class Checked:
    """Moto's application behind the check of signatures, which moto leaves out."""

    def __init__(self, app, objects):
        self.app, self.left, self.lock = app, objects, threading.Lock()

    def __call__(self, environ, start):
        url = environ["REQUEST_URI"]
        code = wrong(url, environ["HTTP_HOST"])
        if code:
            start("403 Forbidden", [("Content-Type", "application/xml")])
            return [ERROR.format(code).encode()]
        if "list-type=" not in url:
            self.count()
        return self.app(environ, start)

    def count(self):
        with self.lock:
            if self.left == 0:
                os._exit(0)
            self.left -= 1


def fill(folder):
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.create_bucket("reports", "us-east-1")
    for file in pathlib.Path(folder).iterdir():
        backend.put_object("reports", unquote(file.name), file.read_bytes())


def main():
    objects = int(sys.argv[2]) if len(sys.argv) > 2 else -1
    fill(sys.argv[1])
    app = Checked(DomainDispatcherApplication(create_backend_app), objects)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.server_port, flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    server.serve_forever()


main()
