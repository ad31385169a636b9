"""Does compare_ks.py bite? PyTorch's accuracies pass against themselves, and fail when a model is shifted.

python test/python/check_compare_ks.py
"""

import os
import sys

from compare_ks import RESULTS, THRESHOLD, compare, read


def main():
    runs = read(os.path.join(RESULTS, "mnist-pytorch.json"))
    same = compare(runs, runs)
    shifted = compare([{**run, "teacher": run["teacher"] - 1.5} for run in runs], runs)
    good = all(row["p"] > 0.99 and abs(row["difference"]) < 1e-12 for row in same)
    good = (
        good and shifted[0]["p"] <= THRESHOLD and shifted[0]["high"] < 0 and all(row["p"] > 0.99 for row in shifted[1:])
    )
    print(
        "PASS check_compare_ks: equal lists pass, a teacher 1.5 points lower fails"
        if good
        else f"FAIL check_compare_ks: {same} {shifted}"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
