"""Ids of whole words as Python's `tokenizers` gives them. Writes words.hugging-face.json beside this script.

    python test/tokenizers/make_word_fixture.py

Format: {"_meta", "words": [word, …], "texts": [text, …], "cases": [{"lowercase", "split", "json": the tokenizer's own tokenizer.json, its
vocabulary left out, "ids": [[id, …] a text]}]}. The texts are odd ones of make_tokenizer_fixture.py.
"""

import json
import os

import tokenizers
from make_tokenizer_fixture import texts
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.hugging-face.json")
SPECIAL = ["[PAD]", "[UNK]", "[MASK]"]
WORDS = [
    "the", "The", "'s", "n't", "--", "...", ".", ",", "'", "-", "[", "]", "$", "a", "s", "it", "slow", "very", "movie", "café", "cafe", "résumé",
    "résume\u0301", "naïve", "中", "漢", "字", "σ", "οδυσσευσ", "i̇stanbul", "istanbul", "привет", "мир", "ёлка", "hello", "Hello", "HELLO", "world", "World",
    "2012", "0", "constructor", "__proto__", "toString", "mask", "x" * 99, "[mask]", "😀", "a/b/c", "ß", "ẞ", "strasse", "über-cool", "über", "100.50",
]


def build(lowercase, split):
    vocab = {token: i for i, token in enumerate(SPECIAL + WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=lowercase
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer() if split == "punctuation" else pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def case(lines, lowercase, split):
    tokenizer = build(lowercase, split)
    document = json.loads(tokenizer.to_str())
    del document["model"]["vocab"]
    return {"lowercase": lowercase, "split": split, "json": document, "ids": [tokenizer.encode(t).ids for t in lines]}


if __name__ == "__main__":
    lines = texts()[:200] + ["The movie 's slow -- it isn't n't ... café naïve cafe", "The [MASK] movie, [mask] [UNK]! constructor __proto__ 2012"]
    cases = [case(lines, lowercase, split) for lowercase in (True, False) for split in ("punctuation", "spaces")]
    document = {"_meta": {"tokenizers": tokenizers.__version__}, "words": WORDS, "texts": lines, "cases": cases}
    dump = lambda v: json.dumps(v, ensure_ascii=True, separators=(",", ":"))
    with open(PATH, "w", encoding="utf-8") as file:
        parts = [f"{dump(key)}:" + ("[\n" + ",\n".join(map(dump, v)) + "\n]" if key in ("texts", "cases") else dump(v)) for key, v in document.items()]
        file.write("{\n" + ",\n".join(parts) + "\n}\n")
    print(PATH, os.path.getsize(PATH), "bytes")
