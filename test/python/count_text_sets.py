"""Counts rows and labels of the public data sets with Python's own csv and json: the witness of test/data/text-sets.test.ts.

python test/python/count_text_sets.py DATA_FOLDER
"""

import csv
import json
import sys
from collections import Counter
from pathlib import Path

root = Path(sys.argv[1])


def lines(name):
    return [line for line in (root / name).read_text(encoding="utf-8-sig").split("\n") if line]


def show(name, labels):
    print(f"{name}: {len(labels)} rows, {sorted(Counter(labels).items())[:6]}")


def column(name, at, header=True, width=0):
    rows = [line.split("\t") for line in lines(name)][1 if header else 0 :]
    show(name, [row[at] for row in rows if len(row) >= width])


for split in "train", "dev", "test-gold":
    column(f"sst2/{split}.tsv", 1)
for name in "train.tsv", "dev.tsv", "msr_paraphrase_test.txt":
    column(f"mrpc/{name}", 0)
for name in "rte/train", "rte/dev", "qnli/dev":
    column(f"{name}.tsv", 3)
for split in "train", "dev":
    column(f"cola/{split}.tsv", 1, header=False)
column("qqp/subset.tsv", 5, header=False, width=6)
column("sms-spam/SMSSpamCollection.tsv", 0, header=False)
scores = [float(line.split("\t")[4]) for line in lines("stsb/sts-train.tsv")]
print(f"stsb/sts-train.tsv: {len(scores)} rows, mean score {sum(scores) / len(scores):.9f}")
for name in "sst/stsa.binary", "sst/stsa.fine":
    for split in "train", "dev", "test":
        show(f"{name}.{split}", [line.split(" ", 1)[0] for line in lines(f"{name}.{split}")])
for split in "train", "test":
    show(f"trec/{split}.label", [line.split(":", 1)[0] for line in lines(f"trec/{split}.label")])
for name in "subj/subj.all", "mpqa/mpqa.all":
    show(name, [line.split(" ", 1)[0] for line in lines(name)])
for split in "train", "test":
    with open(root / f"banking77/{split}.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    inside = sum("\n" in row["text"] for row in rows)
    characters = sum(len(row["text"]) for row in rows)
    show(f"banking77/{split}.csv", [row["category"] for row in rows])
    print(f"  {inside} texts with line ends, {characters} characters")
for name, rows in json.loads((root / "clinc150/data_full.json").read_text(encoding="utf-8")).items():
    show(f"clinc150 {name}", [label for _, label in rows])
for split in "train", "test":
    show(f"imdb/{split}.jsonl", [json.loads(line)["label"] for line in lines(f"imdb/{split}.jsonl")])
