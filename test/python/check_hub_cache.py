"""The hub's cache as retort fills it against the one that Python's `huggingface_hub` fills, from one local server.

    python test/python/check_hub_cache.py

The same tree of links, refs and contents; each finds what the other has downloaded, offline; the scan of the cache has no
complaint. Needs Node and the built package (`npm run build`).
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
ID = "org/model"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = "model.safetensors"
FILES = {
    "config.json": b'{"model_type": "bert"}\n',
    LARGE: bytes(range(256)) * 4096,
    "tokenizer_config.json": b"{}\n",
    "vocab.txt": b"[PAD]\n[UNK]\n",
}


def git_hash(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def entry(name):
    content = FILES[name]
    listed = {"type": "file", "path": name, "size": len(content), "oid": git_hash(content)}
    if name == LARGE:
        listed["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    return listed


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, body, headers=(), status=200):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_json(self, value):
        self.send(json.dumps(value).encode(), {"Content-Type": "application/json"})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_json([entry(name) for name in asked["paths"] if name in FILES])

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.split("?")[0]
        name = path.rsplit("/", 1)[-1]
        if path.startswith(f"/api/models/{ID}/tree/"):
            self.send_json([entry(name) for name in FILES])
        elif path.startswith(f"/api/models/{ID}"):
            siblings = [{"rfilename": name} for name in FILES]
            self.send_json({"_id": "1", "id": ID, "sha": COMMIT, "private": False, "siblings": siblings})
        elif path.startswith(f"/{ID}/resolve/") and name in FILES:
            listed = entry(name)
            etag = listed["lfs"]["oid"] if name == LARGE else listed["oid"]
            headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}
            if name == LARGE:
                headers |= {"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(FILES[name]))}
            self.send(FILES[name], headers)
        else:
            self.send(b"", {"X-Error-Code": "EntryNotFound"}, 404)


def tree(folder):
    """Links as they are, other files by their content. What else clients keep beside these three is their own affair."""
    found = {}
    for part in ("refs", "blobs", "snapshots"):
        for place, _, names in os.walk(os.path.join(folder, part)):
            for name in names:
                path = os.path.join(place, name)
                with open(path, "rb") as file:
                    content = file.read()
                found[os.path.relpath(path, folder)] = os.readlink(path) if os.path.islink(path) else content
    return found


def run(command, **env):
    ended = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(ended.stderr[-2000:])
    return ended.stdout


def with_retort(**env):
    return run(["node", os.path.join(HERE, "fetch-model.mjs"), ID], **env)


def with_python(**env):
    source = f"import huggingface_hub as h; print(h.snapshot_download('{ID}'), end='')"
    return run([sys.executable, "-c", source], **env)


def scan(folder):
    source = "import huggingface_hub as h; i = h.scan_cache_dir(); print(len(i.repos), i.warnings, end='')"
    return run([sys.executable, "-c", source], HF_HOME=folder)


def problems(scratch, endpoint):
    """Yields one line for each thing that is not as it should be."""
    ours, theirs = os.path.join(scratch, "retort"), os.path.join(scratch, "python")
    path = with_retort(HF_ENDPOINT=endpoint, HF_HOME=ours)
    reference = with_python(HF_ENDPOINT=endpoint, HF_HOME=theirs)
    if os.path.relpath(path, ours) != os.path.relpath(reference, theirs):
        yield f"another folder: {path}, {reference}"
    name = os.path.join("hub", "models--org--model")
    left, right = tree(os.path.join(ours, name)), tree(os.path.join(theirs, name))
    for file in sorted(left.keys() | right.keys()):
        if left.get(file) != right.get(file):
            yield f"{file}: {str(left.get(file))[:80]}, in Python {str(right.get(file))[:80]}"
    if scan(ours) != "1 []":
        yield f"the scan of the cache says {scan(ours)}"
    offline = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "1"}
    if with_python(HF_HOME=ours, **offline) != path:
        yield "huggingface_hub does not find what retort has downloaded"
    if with_retort(HF_HOME=theirs, **offline) != reference:
        yield "retort does not find what huggingface_hub has downloaded"


def main():
    for name in ("HF_HUB_CACHE", "HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        os.environ.pop(name, None)
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["NO_PROXY"] = "127.0.0.1"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as scratch:
        wrong = list(problems(scratch, f"http://127.0.0.1:{server.server_address[1]}"))
    server.shutdown()
    for line in wrong:
        print("  " + line)
    if wrong:
        print(f"FAIL check_hub_cache: {len(wrong)} differences")
    else:
        print("PASS check_hub_cache: huggingface_hub and retort fill the same cache and find each other's models")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
