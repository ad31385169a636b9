"""Runs make_golden.py (pure Python: closed forms and central differences) in a temporary folder and compares with golden.json.

python test/python/check_golden.py
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

from check_fixtures import differences
from fixture_file import GOLDEN


def main():
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "make_golden.py")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(script, folder)
        done = subprocess.run([sys.executable, os.path.join(folder, "make_golden.py")], capture_output=True, text=True)
        if done.returncode != 0:
            print(f"FAIL check_golden: {done.stderr.strip()}")
            return 1
        with open(os.path.join(folder, "golden.json")) as file:
            made = json.load(file)
    with open(os.path.join(GOLDEN, "golden.json")) as file:
        committed = json.load(file)
    wrong = list(differences(made, committed, "golden.json"))
    for line in wrong[:10]:
        print("  " + line)
    print(
        f"FAIL check_golden: {len(wrong)} differences"
        if wrong
        else f"PASS check_golden: {len(made) - 1} cases made again"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
