"""A Hugging Face hub on loopback; run as `python fake_hub.py` it fetches from itself and prints JSON."""

import hashlib
import http.server
import json
import os
import sys
import tempfile
import threading
from urllib.parse import urlsplit

COMMIT = "a" * 40
REPOS = {
    "some/model": {
        "config.json": b'{"model_type": "bert"}',
        "model.safetensors": b"weights",
        "vocab.txt": b"a",
        "pytorch_model.bin": b"pickled",
        "onnx/model.safetensors": b"once more",
        "README.md": b"words",
    },
    "pickles/only": {"config.json": b"{}", "pytorch_model.bin": b"pickled"},
    "huge/model": {"config.json": b"{}", "model.safetensors": b"9 GB"},
    "runs/code": {
        "config.json": b'{"auto_map": {"AutoModel": "evil.Model"}}',
        "model.safetensors": b"weights",
    },
}
SIZES = {("huge/model", "model.safetensors"): 9_000_000_000}


class Hub(http.server.BaseHTTPRequestHandler):
    sent: list[str] = []

    def log_message(self, *args):
        """Quiet."""

    def do_GET(self):
        path = urlsplit(self.path).path
        for repo, files in REPOS.items():
            if path in (f"/api/models/{repo}", f"/api/models/{repo}/revision/main"):
                listed = [{"rfilename": name, "size": size(repo, name)} for name in files]
                return self.answer(json.dumps({"id": repo, "sha": COMMIT, "siblings": listed}).encode())
            if path == f"/api/models/{repo}/tree/{COMMIT}":
                listed = [{"type": "file", "path": n, "size": size(repo, n), "oid": "0" * 40} for n in files]
                return self.answer(json.dumps(listed).encode())
            name = path.removeprefix(f"/{repo}/resolve/{COMMIT}/")
            if name in files:
                if self.command == "GET":
                    self.sent.append(name)
                return self.answer(files[name])
        self.answer(b"", 404)

    do_HEAD = do_GET

    def answer(self, data, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if status == 404:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)


def size(repo, name):
    return SIZES.get((repo, name), len(REPOS[repo][name]))


def main(names):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
    os.environ["NO_PROXY"] = "127.0.0.1"
    os.environ.pop("HF_HUB_OFFLINE", None)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["HF_HUB_CACHE"] = cache
        from core.errors import AppError
        from core.models.hub import fetch, local_folder

        answers = []
        for name in names:
            Hub.sent.clear()
            try:
                folder, commit = fetch(name, 2.0)
                found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
                kept = local_folder(name) == folder
                answers.append({"commit": commit, "files": found, "sent": sorted(Hub.sent), "kept": kept})
            except AppError as error:
                answers.append({"kind": type(error).__name__, "error": str(error), "sent": sorted(Hub.sent)})
    print(json.dumps(answers))


if __name__ == "__main__":
    main(sys.argv[1:])
