"""A student of another library and, where it has one, its own certificate: one of the peers of recipes/certified-coverage.recipe.ts.

    python bench/peers/certified.py JOB.json

JOB.json: {"peer": a name of PEERS, "train": {"texts", "labels"}, "evaluated": {"texts", "truth"}, "labelNames", "encoded": files of float32 [N, H]
{"train", "evaluated"} for a peer that reads vectors, "delta", "kept" and "all": bounds, "splits": rows of each calibration, the others judge}. Prints
{"answers", "scores": of the evaluated texts, "own": {"bound": "kept" or "all", "draws": [{"coverage", "risk"}] on the rows that judge}, "versions"}.
"""

import json
import sys
from importlib.metadata import version

import numpy as np


def top(values):
    answers = values.argmax(axis=1)
    return answers, values[np.arange(len(values)), answers]


class Svm:
    """scikit-learn, TF-IDF of word 1-2-grams and character 3-5-grams, LinearSVC; the score is how far the first class is ahead of the second."""

    packages = ("scikit-learn",)

    def fit(self, job):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import FeatureUnion, make_pipeline
        from sklearn.svm import LinearSVC

        words = TfidfVectorizer(ngram_range=(1, 2))
        chars = TfidfVectorizer(analyzer="char", ngram_range=(3, 5))
        model = make_pipeline(FeatureUnion([("words", words), ("chars", chars)]), LinearSVC(random_state=0))
        model.fit(job["train"]["texts"], job["train"]["labels"])
        values = np.sort(model.decision_function(job["evaluated"]["texts"]), axis=1)
        answers = model.predict(job["evaluated"]["texts"])
        return answers, values[:, -1] - values[:, -2]

    def own(self, job, right):
        return None


class Shad0w:
    """shad0w: `shadow_compile` on the training rows; its controller is fitted to each calibration. It bounds the risk of the rows that are kept."""

    packages = ("shad0wllm",)

    def fit(self, job):
        from shad0w import shadow_compile
        from shad0w.mathutil import softmax
        from shad0w.api import question_items

        names = job["labelNames"]
        train, evaluated = job["train"], job["evaluated"]
        schema = {"intent": {"type": "choice", "criteria": dict.fromkeys(names)}}
        rows = [{"text": text, "intent": names[label]} for text, label in zip(train["texts"], train["labels"])]
        first = job["splits"][0]
        calibration = [{"text": evaluated["texts"][i], "intent": names[evaluated["truth"][i]]} for i in first]
        model, _ = shadow_compile(schema, rows, alpha=job["kept"], delta=job["delta"], cal_records=calibration)
        question = model.questions["intent"]
        order = [names.index(name) for name in question.options]
        values = np.stack([softmax(question.rx.logits(question_items(question, text))) for text in evaluated["texts"]])
        answers, self.scores = top(values)
        return np.array(order)[answers], self.scores

    def own(self, job, right):
        from shad0w.reliability import SelectiveRiskController

        draws = []
        for rows in job["splits"]:
            control = SelectiveRiskController(job["kept"], job["delta"]).fit(self.scores[rows], right[rows])
            draws.append(judged(rows, self.scores >= control.threshold, right, "kept"))
        return {"bound": "kept", "draws": draws}


class Jevstiller:
    """jevstiller: its head and its policy on its hashed n-grams, with the settings that its engine has. It bounds the risk of all rows."""

    packages = ("jevstiller",)
    fit_headroom = 0.15

    def encode(self, job):
        from jevstiller import HashEncoder

        encoder = HashEncoder()
        return encoder.encode(job["train"]["texts"]), encoder.encode(job["evaluated"]["texts"])

    def fit(self, job):
        from jevstiller._ood import KnnOOD
        from jevstiller._student import LinearStudent

        X, Z = self.encode(job)
        Y = np.eye(len(job["labelNames"]))[job["train"]["labels"]]
        student = LinearStudent(X.shape[1], Y.shape[1])
        student.fit(X, Y, epochs=2000, l2=1e-6, seed=0, patience=4)
        ood = KnnOOD(10)
        ood.fit(X, max_ref=5000, seed=0, y=Y.argmax(axis=1))
        self.ood, self.most = ood.score(Z), ood.threshold(0.99, seed=0)
        answers, self.scores = top(student.predict_proba(Z))
        return answers, self.scores

    def own(self, job, right):
        from jevstiller._calibrate import fit_policy, threshold_grid

        grid = threshold_grid(len(job["labelNames"]))
        draws = []
        for rows in job["splits"]:
            policy = fit_policy(
                self.scores[rows],
                right[rows],
                self.ood[rows],
                job["all"] * (1 - self.fit_headroom),
                job["delta"],
                ood_threshold=self.most,
                candidates=grid,
            )
            draws.append(judged(rows, policy.accepts(self.scores, self.ood), right, "all"))
        return {"bound": "all", "draws": draws}


class JevstillerEncoded(Jevstiller):
    """The same on the vectors of a sentence encoder, which is what its users take; its own are downloaded, so that these are MiniLM's."""

    def encode(self, job):
        sizes = len(job["train"]["texts"]), len(job["evaluated"]["texts"])
        files = job["encoded"]["train"], job["encoded"]["evaluated"]
        return tuple(np.fromfile(path, dtype="<f4").reshape(size, -1) for path, size in zip(files, sizes))


def judged(rows, kept, right, bound):
    others = np.ones(len(right), dtype=bool)
    others[rows] = False
    kept = kept & others
    wrong = int((kept & ~right).sum())
    of = int(kept.sum()) if bound == "kept" else int(others.sum())
    return {"coverage": float(kept.sum() / others.sum()), "risk": wrong / of if of else 0.0}


PEERS = {
    "tfidf-svm": Svm,
    "shad0w": Shad0w,
    "jevstiller": Jevstiller,
    "jevstiller-minilm": JevstillerEncoded,
}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    peer = PEERS[job["peer"]]()
    answers, scores = peer.fit(job)
    right = np.asarray(answers) == np.asarray(job["evaluated"]["truth"])
    found = {
        "answers": [int(answer) for answer in answers],
        "scores": [float(score) for score in scores],
        "own": peer.own(job, right),
        "versions": {name: version(name) for name in (*peer.packages, "numpy")},
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
