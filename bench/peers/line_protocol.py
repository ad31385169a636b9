"""How a bench talks with a peer: a line that it is ready and in what, then a line of JSON for each line of JSON."""

import json
import sys


def serve(environment, answer):
    """Until an empty line or the end of input; a bad request is answered with {"error": "…"}."""
    print(json.dumps({"ready": True, "environment": environment}), flush=True)
    for line in sys.stdin:
        if not line.strip():
            break
        try:
            print(json.dumps(answer(json.loads(line))), flush=True)
        except (KeyError, TypeError, ValueError) as error:
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
