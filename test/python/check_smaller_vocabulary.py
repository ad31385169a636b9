"""A tokenizer whose vocabulary retort cut down, read by Python's `tokenizers` and `transformers`: equal ids.

    python test/python/check_smaller_vocabulary.py

Needs Node and the built package (`npm run build`).
"""

import json
import os
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
from tokenizers import Tokenizer
from transformers import AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
PIECES = 200


def problems(folder):
    """Yields one line for each thing that is not as it should be."""
    with open(os.path.join(folder, "rows.json")) as file:
        rows = json.load(file)
    plain = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    fast = AutoTokenizer.from_pretrained(folder)
    if plain.get_vocab_size() != PIECES or len(fast) != PIECES:
        yield f"{plain.get_vocab_size()} and {len(fast)} pieces for {PIECES}"
    for row, ids in rows:
        if plain.encode(*row).ids != ids:
            yield f"tokenizers: other ids for {row}"
        if fast(*row)["input_ids"] != ids:
            yield f"transformers: other ids for {row}"


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["node", os.path.join(HERE, "write-smaller-vocabulary.mjs"), folder], check=True)
        wrong = list(problems(folder))
    for line in wrong[:20]:
        print("  " + line)
    if wrong:
        print(f"FAIL check_smaller_vocabulary: {len(wrong)} differences")
    else:
        print("PASS check_smaller_vocabulary: tokenizers and transformers read the ids of a smaller vocabulary")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
