"""TF-IDF of n-grams of words, pieces and characters as scikit-learn gives it, pieces as Python's `tokenizers` cuts them. Writes ngrams.scikit-learn.json beside this script.

    python test/tokenizers/make_ngram_fixture.py

Format: {"_meta", "fitted": [text, …], "read": [text, …], "cases": [{"units": "words" or "pieces", "words": [least, most] of these or null, "chars",
"minTexts", "features": the units' vocabulary and the characters', each in the order of UTF-16 code units, "rows": of each text read [[feature, value], …]}]}. The vectoriser's words
are runs of letters, marks, digits and underscores, and every other mark that is no space; pieces are those of the vocabulary in
tokenizers.hugging-face.json.
"""

import json
import os
import unicodedata

import sklearn
import tokenizers
from make_smaller_fixture import build
from make_tokenizer_fixture import PATH as TOKENIZER
from sklearn.feature_extraction.text import TfidfVectorizer

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ngrams.scikit-learn.json")
FITTED = [
    "The movie 's slow -- it isn't n't ... café naïve cafe",
    "the the the movie, the movie!",
    "A: I can't track my card -- where's my card?",
    "where IS my card? Is it lost?? I'd like a new one",
    "Привет, мир! ёлка 2012 and 100.50",
    "हिन्दी में लिखा है, नमस्ते",
    "中漢字 σ οδυσσευσ über-cool",
    "\U0001f600 smiles \U0001f600\U0001f600 x y \U0001d400\U0001d401\U0001d402z",
    "snake_case and C++ and a_1",
    "\t tabs\nand   spaces  \r\n ",
    "no",
    "",
]
READ = FITTED + ["never seen zebra quagga", "the card is where the movie is, is it not? the the", "हिन्दी card \U0001f600 \U0001d400\U0001d401\U0001d402"]


def words_of(text):
    words, run = [], ""
    for character in text:
        if unicodedata.category(character)[0] in "LMN" or character == "_":
            run += character
            continue
        if run:
            words.append(run)
        run = ""
        if not character.isspace():
            words.append(character)
    return words + [run] * bool(run)


def block(vectoriser):
    vectoriser.fit(FITTED)
    names = sorted(vectoriser.vocabulary_, key=lambda name: name.encode("utf-16-be"))
    place = {vectoriser.vocabulary_[name]: i for i, name in enumerate(names)}
    matrix = vectoriser.transform(READ).tocsr()
    rows = [sorted((place[j], v) for j, v in zip(row.indices.tolist(), row.data.tolist())) for row in matrix]
    return names, rows


def pieces_of():
    with open(TOKENIZER, encoding="utf-8") as file:
        wordpiece = build(json.load(file)["vocab"])
    return lambda text: wordpiece.encode(text, add_special_tokens=False).tokens


def case(words, chars, least, units="words"):
    features, rows = [], [[] for _ in READ]
    common = {"sublinear_tf": True, "smooth_idf": True, "min_df": least}
    made = []
    if words:
        cut = {"tokenizer": words_of} if units == "words" else {"tokenizer": pieces_of(), "lowercase": False}
        made.append(TfidfVectorizer(token_pattern=None, ngram_range=words, **cut, **common))
    if chars:
        made.append(TfidfVectorizer(analyzer="char_wb", ngram_range=chars, **common))
    for vectoriser in made:
        names, found = block(vectoriser)
        for i, row in enumerate(found):
            rows[i] += [[len(features) + j, float(f"{value:.9g}")] for j, value in row]
        features += names
    return {"units": units, "words": words, "chars": chars, "minTexts": least, "features": features, "rows": rows}


if __name__ == "__main__":
    cases = [case((1, 2), (3, 5), 1), case((1, 1), None, 1), case(None, (1, 4), 2), case((2, 3), (5, 6), 1)]
    cases += [case((1, 2), (3, 5), 1, "pieces"), case((1, 3), None, 2, "pieces")]
    document = {"_meta": {"scikit-learn": sklearn.__version__, "tokenizers": tokenizers.__version__}, "fitted": FITTED, "read": READ, "cases": cases}
    dump = lambda v: json.dumps(v, ensure_ascii=True, separators=(",", ":"))
    with open(PATH, "w", encoding="utf-8") as file:
        parts = [f"{dump(key)}:" + ("[\n" + ",\n".join(map(dump, v)) + "\n]" if key != "_meta" else dump(v)) for key, v in document.items()]
        file.write("{\n" + ",\n".join(parts) + "\n}\n")
    print(PATH, os.path.getsize(PATH), "bytes")
