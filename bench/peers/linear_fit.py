"""Linear models of scikit-learn on the n-grams that ours read: the peer that bench/linear-fit.bench.ts alternates rounds with.

    python bench/peers/linear_fit.py --texts texts.json

texts.json: {"train": {"texts", "labels"}, "judged": the same}. Line protocol: after {"ready": true, …} each request {"model", "C"} makes the
features and fits the model again, and answers {"seconds", "processor": seconds of it, "right": of the judged texts, "C"}.
"""

import argparse
import json
import sys
import time

import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC


def features():
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+|[^\w\s]")
    chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    return FeatureUnion([("words", words), ("chars", chars)])


MODELS = {"LinearSVC": lambda c: LinearSVC(C=c), "LogisticRegression": lambda c: LogisticRegression(C=c, max_iter=1000)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", required=True)
    with open(parser.parse_args().texts) as file:
        data = json.load(file)
    print(json.dumps({"ready": True, "scikit-learn": sklearn.__version__}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        start, used = time.perf_counter(), time.process_time()
        union = features()
        rows = union.fit_transform(data["train"]["texts"])
        model = MODELS[request["model"]](request["C"]).fit(rows, data["train"]["labels"])
        seconds, processor = time.perf_counter() - start, time.process_time() - used
        said = model.predict(union.transform(data["judged"]["texts"]))
        right = int((said == data["judged"]["labels"]).sum())
        answer = {"seconds": seconds, "processor": processor, "right": right, "C": request["C"]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
