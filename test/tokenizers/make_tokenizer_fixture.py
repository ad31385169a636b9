"""Ids as Python's `tokenizers` gives them. Writes tokenizers.hugging-face.json beside this script.

    python test/tokenizers/make_tokenizer_fixture.py MODEL_FOLDER [DATA_FOLDER]

MODEL_FOLDER holds the tokenizer.json and vocab.txt of an uncased BERT (all-MiniLM-L6-v2). The fixture's own small
vocabulary is made of theirs: all single characters, and the pieces that the fixture's texts use. DATA_FOLDER holds
sst2/train.tsv and mrpc/train.tsv; without it the hashes of the committed fixture are kept.

Format: {"_meta", "vocab": [piece, …], "roberta": {"json": a tokenizer.json, "rows": [[text, ids] …], "pair": [a, b, ids, typeIds]}, "uncased"/"cased": [[text, ids] …], "pairs": [[a, b, maxLength, truncation, ids,
typeIds] …], "hashes": {"sst2", "mrpc", "mrpcPairs": SHA-256 of the lines of ids, joined by spaces, each with a line end}}.
"""

import hashlib
import json
import os
import random
import sys

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from tokenizers.implementations import BertWordPieceTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.path.join(HERE, "tokenizers.hugging-face.json")
LINES = 5000

NASTY = [
    "", " ", "\t\n\r ", "\u00a0\u2003\u3000", "\u200b\u200d\ufeff", "\u0000", "a\u0000b", "\ufffd", "\u0085x", "a\u2028b\u2029c",
    "hello world", "Hello, World!", "HELLO", "hello  world", " hello ", "don't", "it's 5 o'clock", "e-mail", "U.S.A.", "...", "?!?!",
    "résumé", "re\u0301sume\u0301", "ÀÉÎÕÜ", "naïve café", "Ångström", "İstanbul", "ıstanbul", "ΟΔΥΣΣΕΥΣ", "Σ", "ΑΣ ΒΣ", "ß STRASSE ẞ",
    "ﬁ ﬂ ligature", "Ⅷ ⅷ", "½ ¼", "x² + y³", "①②", "ＦＵＬＬ ｗｉｄｔｈ", "Ǆ ǅ ǆ", "ŉ", "ﷺ",
    "中文字符", "日本語テキスト", "한국어", "한국어", "漢字kanji混ざり", "𠀀𠀁", "\U0002a700\U0002b740", "\U0002f800", "㐀㐁", "豈更",
    "مرحبا بالعالم", "שָׁלוֹם", "हिन्दी", "ภาษาไทย", "Привет, мир!", "Ёлка ёлка Йод", "ქართული", "አማርኛ", "தமிழ்", "বাংলা",
    "😀", "👍🏽 ok", "👨‍👩‍👧‍👦 family", "🇩🇪🇫🇷", "❤️", "☃ snow", "a😀b", "\U0001f9ff\U0001fae0", "\ue000 private", "\U000f0000", "\u0378 unassigned",
    "[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "a [MASK] b", "[mask]", "[MASK][MASK]", "x[SEP]y", "[ MASK ]", "[CLS", "[[MASK]]",
    "##ing", "# #", "un##able", "$100.50", "50%", "C++ & C#", "a_b_c", "~`^|<>=+", "¡¿§¶«»", "“quotes” ‘single’ — dash – en", "†‡•…",
    "http://example.org/a?b=c&d=e#f", "me@example.org", "@user #tag", "C:\\path\\file", "a/b/c", "{json: [1, 2]}", "<br />", "&amp;",
    "unaffable", "internationalization", "antidisestablishmentarianism", "supercalifragilisticexpialidocious", "zzzzzzzz", "qwxzjk",
    "x" * 99, "x" * 100, "x" * 101, "é" * 100, "e\u0301" * 60, "中" * 101, "1234567890" * 11, "a." * 60,
    "aa\u0300\u0301\u0302\u0303b", "\u0301", "\u0301\u0302 x", "a\u20dd", "\u00ad soft\u00adhyphen", "\u061c\u200e\u200f\u202a bidi", "\ufe0f",
    "tab\tseparated\tvalues", "line\nbreak", "crlf\r\nbreak", "vertical\u000btab", "form\u000cfeed", "\u001b[31mred", "\u007f del", "bell\u0007",
    "ſ long s", "K kelvin", "Å angstrom", "Ω ohm", "µ micro", "ﬀ", "ʼn", "ǰ", "ΐ", "ᾳ ᾼ", "ϴ θ", "Ꭰ Ᏸ", "𐐀 𐐨", "Ა ა",
    "。、「」", "！？", "・", "〜", "٪ ،؟", "। ॥", "՝", "־", "⁇ ⁈", "﹏ ＿", "＄ ￥ €", "← ↑ →", "■ ▲", "∀∃∑", "🄰", "㊗", "㍿", "\u2e3a\u2e3b",
    "the quick brown fox jumps over the lazy dog . " * 12,
]
SENTENCES = [
    "a gorgeous , witty , seductive movie .", "it 's slow -- very , very slow .", "unflinchingly bleak and desperate",
    "allows us to hope that nolan is poised to embark a major career as a commercial yet inventive filmmaker .",
    "Amrozi accused his brother, whom he called \"the witness\", of deliberately distorting his evidence.",
    "PCCW's chief operating officer, Mike Butcher, and Alex Arena, the chief financial officer, will report directly to Mr So.",
    "The Nasdaq Composite Index rose 18.35, or 1.1 percent, to 1,662.44.", "no", "", "...", "Über-cool façade & co.",
]


def texts():
    rng = random.Random(7)
    pool = [c for text in NASTY for c in text] + list(" aeiou\u0301.,'[]#")
    made = ["".join(rng.choice(pool) for _ in range(rng.randint(1, 40))) for _ in range(150)]
    words = [w for text in NASTY + SENTENCES for w in text.split(" ") if w]
    made += [" ".join(rng.choice(words) for _ in range(rng.randint(2, 12))) for _ in range(60)]
    return list(dict.fromkeys(NASTY + SENTENCES + made))


def small_vocabulary(folder, lines):
    full = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    full.no_truncation()
    full.no_padding()
    used = {0, 100, 101, 102, 103}
    for line in lines:
        used.update(full.encode(line).ids)
    with open(os.path.join(folder, "vocab.txt"), encoding="utf-8") as file:
        pieces = file.read().split("\n")
    ascii_pieces = [p for p in pieces if len(p.replace("##", "")) == 1 and p.isascii()]
    cased = ["Hello", "World", "HE", "##LL", "##O", "Amro", "Über", "É", "Σ", "Ё"]
    return list(dict.fromkeys([pieces[i] for i in sorted(used)] + ascii_pieces + cased))


def pairs(tokenizer):
    rng = random.Random(11)
    cases = []
    for a in SENTENCES:
        for b in rng.sample(SENTENCES, 4):
            for length, truncation in [(None, None), (16, "longest_first"), (9, "longest_first"), (5, "longest_first")]:
                cases.append((a, b, length, truncation))
            for truncation in ("only_first", "only_second"):
                cases.append((a, b, 24, truncation))
    for a in SENTENCES[:7]:
        for length in (3, 7, 12):
            cases.append((a, None, length, "longest_first"))
            cases.append((a, None, length, "only_first"))
    for i in range(4, 14):
        cases.append((SENTENCES[0], SENTENCES[1], i, "longest_first"))
    rows = []
    for a, b, length, truncation in cases:
        if length is None:
            tokenizer.no_truncation()
        else:
            try:
                tokenizer.enable_truncation(length, strategy=truncation)
            except BaseException:
                rows.append([a, b, length, truncation, None, None])
                continue
        try:
            encoded = tokenizer.encode(a, b)
            rows.append([a, b, length, truncation, encoded.ids, encoded.type_ids])
        except BaseException as error:  # Rust's panics, too
            if "truncat" not in str(error).lower() and "too short" not in str(error).lower():
                raise
            rows.append([a, b, length, truncation, None, None])
    tokenizer.no_truncation()
    return rows


def roberta(lines):
    """A byte-level BPE as RoBERTa's, its merges learned from the fixture's own texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES * 2 + NASTY, trainer)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    lines = lines + ["a <mask> b", "a<mask>b", "  <mask>  ", "<s>x</s>", "<unk>", "  two  spaces  ", "a\n\nb", "can't won't I'll"]
    pair = tokenizer.encode("a film", "<mask> it 's slow")
    return {
        "json": tokenizer.to_str(),
        "rows": [[line, tokenizer.encode(line).ids] for line in lines],
        "pair": ["a film", "<mask> it 's slow", pair.ids, pair.type_ids],
    }


def digest(encodings):
    sha = hashlib.sha256()
    for encoding in encodings:
        sha.update((" ".join(map(str, encoding.ids)) + "\n").encode())
    return sha.hexdigest()


def hashes(folder, data):
    full = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    full.no_padding()
    full.no_truncation()
    with open(os.path.join(data, "sst2", "train.tsv"), encoding="utf-8") as file:
        sst2 = [line.split("\t")[0] for line in file.read().split("\n")[1 : LINES + 1]]
    with open(os.path.join(data, "mrpc", "train.tsv"), encoding="utf-8-sig") as file:
        rows = [line.split("\t") for line in file.read().split("\n")[1:] if line]
    first, second = [r[3] for r in rows], [r[4] for r in rows]
    mrpc = (first + second)[:LINES]
    result = {"sst2": digest(full.encode_batch(sst2)), "mrpc": digest(full.encode_batch(mrpc))}
    full.enable_truncation(48, strategy="longest_first")
    result["mrpcPairs"] = digest(full.encode_batch(list(zip(first, second))))
    return result


def make(folder, data=None):
    lines = texts()
    vocab = small_vocabulary(folder, lines)
    ids = {piece: i for i, piece in enumerate(vocab)}
    uncased = BertWordPieceTokenizer(ids, lowercase=True)
    cased = BertWordPieceTokenizer(ids, lowercase=False, strip_accents=False)
    for token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"):
        uncased.add_special_tokens([token])
        cased.add_special_tokens([token])
    committed = json.load(open(PATH, encoding="utf-8"))["hashes"] if data is None and os.path.exists(PATH) else {}
    return {
        "_meta": {"tokenizers": tokenizers.__version__},
        "vocab": vocab,
        "uncased": [[t, uncased.encode(t).ids] for t in lines],
        "cased": [[t, cased.encode(t).ids] for t in lines[:200]],
        "pairs": pairs(uncased),
        "roberta": roberta(lines),
        "hashes": hashes(folder, data) if data else committed,
    }


if __name__ == "__main__":
    document = make(*sys.argv[1:3])
    with open(PATH, "w", encoding="utf-8") as file:
        parts = []
        for key, value in document.items():
            dump = lambda v: json.dumps(v, ensure_ascii=True, separators=(",", ":"))
            parts.append(f"{dump(key)}:" + ("[\n" + ",\n".join(map(dump, value)) + "\n]" if key in ("uncased", "cased", "pairs") else dump(value)))
        file.write("{\n" + ",\n".join(parts) + "\n}\n")
    print(PATH, os.path.getsize(PATH), "bytes")
