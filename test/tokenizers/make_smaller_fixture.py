"""A WordPiece vocabulary cut to the pieces that some texts have most often, and ids as Python's `tokenizers` gives them with it.
Writes smaller.hugging-face.json beside this script.

    python test/tokenizers/make_smaller_fixture.py

Format: {"_meta", "corpus": [text, …], "cases": [{"size", "kept": [old id, …], "ids": [[id, …] a text]}]}; the whole vocabulary and the
texts of `ids` are those of tokenizers.hugging-face.json ("vocab", "uncased"). Size 5000 is more than the corpus has.
"""

import json
import os
from collections import Counter

import tokenizers
from make_tokenizer_fixture import PATH, SENTENCES
from tokenizers.implementations import BertWordPieceTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def build(pieces):
    tokenizer = BertWordPieceTokenizer({piece: i for i, piece in enumerate(pieces)}, lowercase=True)
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def make():
    with open(PATH, encoding="utf-8") as file:
        fixture = json.load(file)
    vocab, texts = fixture["vocab"], [text for text, _ in fixture["uncased"]]
    whole = build(vocab)
    special = {vocab.index(token) for token in SPECIAL}
    counts = Counter(id for text in SENTENCES for id in whole.encode(text).ids if id not in special)
    ranked = sorted(counts, key=lambda id: (-counts[id], id))
    cases = []
    for size in (6, 40, 100, 5000):
        kept = sorted(special | set(ranked[: size - len(special)]))
        smaller = build([vocab[id] for id in kept])
        cases.append({"size": size, "kept": kept, "ids": [smaller.encode(text).ids for text in texts]})
    return {"_meta": {"tokenizers": tokenizers.__version__}, "corpus": SENTENCES, "cases": cases}


if __name__ == "__main__":
    path = os.path.join(HERE, "smaller.hugging-face.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(make(), file, separators=(",", ":"))
        file.write("\n")
    print(path, os.path.getsize(path), "bytes")
