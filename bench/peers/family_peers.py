"""A classifier of another library, as its users train it: one of the peers of recipes/family-peers.recipe.ts, in one process.

    python bench/peers/family_peers.py JOB.json

JOB.json: {"peer": a name of PEERS, "seed", "rows": a file {"train": {"texts", "labels"}, "evaluated": {split: the same}}, "minilm": a
folder that transformers loads, "work": a folder that is kept from job to job, "isTimed"}. Prints {"scores": {split: {"accuracy", "f1" of two
classes}}, "bytes": of what has to be shipped, "seconds" and "processorSeconds" of the training, "speed" if it is timed: {"p50Micros" and
"p95Micros" of one text, "textsPerSecond" in batches of 32}, "chosen": what was selected on the training rows, "versions"}. Threads are what the environment says.
"""

import json
import os
import re
import shutil
import sys
import time
from importlib.metadata import version

BATCH = 32
WARM_UP, TIMED, ROUNDS = 50, 500, 3
# Of the training rows, where a peer has to choose by rows it has not seen.
VALIDATION_ROWS = 0.1
STRENGTHS = [1, 10, 100]


class Clock:
    def __init__(self):
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def read(self):
        return {
            "seconds": time.perf_counter() - self.wall,
            "processorSeconds": time.process_time() - self.processor,
        }


def bytes_under(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)


class Tfidf:
    """scikit-learn, TF-IDF of word 1-2-grams and character 3-5-grams with its other defaults, saved by joblib."""

    packages = ("scikit-learn", "numpy")

    def fit(self, texts, labels, job):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import FeatureUnion, Pipeline

        words = TfidfVectorizer(ngram_range=(1, 2))
        chars = TfidfVectorizer(analyzer="char", ngram_range=(3, 5))
        union = FeatureUnion([("words", words), ("chars", chars)])
        self.model = Pipeline([("features", union), ("classifier", self.classifier(job["seed"]))]).fit(texts, labels)
        return self.chosen()

    def chosen(self):
        return None

    def predict(self, texts):
        return self.model.predict(texts)

    def save(self, folder):
        import joblib

        path = os.path.join(folder, "model.joblib")
        joblib.dump(self.model, path)
        return path


class TfidfSvm(Tfidf):
    def classifier(self, seed):
        from sklearn.svm import LinearSVC

        return LinearSVC(random_state=seed)


class TfidfLogistic(Tfidf):
    """C by three-fold cross-validation, on the features of all training rows."""

    def classifier(self, seed):
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV

        return GridSearchCV(LogisticRegression(max_iter=1000), {"C": STRENGTHS}, cv=3)

    def chosen(self):
        search = self.model.named_steps["classifier"]
        self.model.steps[-1] = ("classifier", search.best_estimator_)
        return search.best_params_


def words_of(text):
    """As fastText's own examples prepare a text: lower case, marks apart."""
    return " ".join(re.findall(r"\w+|[^\w\s]", text.lower()))


def stratified(labels, seed):
    from sklearn.model_selection import train_test_split

    return train_test_split(range(len(labels)), test_size=VALIDATION_ROWS, random_state=seed, stratify=labels)


class FastText:
    packages = ("fasttext-wheel", "numpy")
    settings = {}

    def fit(self, texts, labels, job):
        import fasttext

        self.job = job
        train = self.write("train", texts, labels, range(len(texts)))
        self.model = fasttext.train_supervised(input=train, thread=1, seed=job["seed"], verbose=0, **self.settings)
        return None

    def write(self, name, texts, labels, rows):
        self.path = os.path.join(self.job["work"], f"fasttext-{name}.txt")
        with open(self.path, "w", encoding="utf-8") as file:
            file.writelines(f"__label__{labels[row]} {words_of(texts[row])}\n" for row in rows)
        return self.path

    def predict(self, texts):
        found, _ = self.model.predict([words_of(text) for text in texts])
        return [int(label[0][len("__label__") :]) for label in found]

    extension = "bin"

    def save(self, folder):
        path = os.path.join(folder, f"model.{self.extension}")
        self.model.save_model(path)
        return path


class FastTextTuned(FastText):
    """The settings that fastText's tutorial on text classification ends with, more or less."""

    settings = {"wordNgrams": 2, "lr": 0.5, "epoch": 25}


class FastTextQuantised(FastTextTuned):
    """The same, made small as fastText's page on quantisation does it."""

    extension = "ftz"

    def fit(self, texts, labels, job):
        super().fit(texts, labels, job)
        self.model.quantize(input=self.path, qnorm=True, retrain=True, cutoff=100_000, thread=1, verbose=0)
        return None


class FastTextAutotune(FastText):
    """One minute of fastText's own search, by a tenth of the training rows; then the same settings on all of them."""

    seconds = 60

    def fit(self, texts, labels, job):
        import fasttext

        self.job = job
        rest, part = stratified(labels, job["seed"])
        validation = self.write("validation", texts, labels, part)
        train = self.write("train", texts, labels, rest)
        found = fasttext.train_supervised(
            input=train,
            autotuneValidationFile=validation,
            autotuneDuration=self.seconds,
            thread=1,
            seed=job["seed"],
            verbose=0,
        )
        args = found.f.getArgs()
        names = ("lr", "dim", "epoch", "wordNgrams", "minn", "maxn", "bucket", "minCount")
        self.settings = {name: getattr(args, name) for name in names}
        del found
        super().fit(texts, labels, job)
        return self.settings


class StaticLogistic:
    """model2vec distilled from MiniLM, frozen, with a logistic regression of scikit-learn's defaults."""

    packages = ("model2vec", "scikit-learn", "numpy")

    def fit(self, texts, labels, job):
        from sklearn.linear_model import LogisticRegression

        self.model = self.static(job)
        self.head = LogisticRegression(max_iter=1000).fit(self.model.encode(list(texts)), labels)
        return None

    def static(self, job):
        """Distilled by the first job; the others add the seconds that it took."""
        from model2vec import StaticModel

        path = os.path.join(job["work"], "model2vec")
        if not os.path.exists(path):
            from model2vec.distill import distill

            clock = Clock()
            shutil.rmtree(f"{path}-new", ignore_errors=True)
            distill(model_name=job["minilm"]).save_pretrained(f"{path}-new")
            with open(f"{path}-new/seconds.json", "w") as file:
                json.dump(clock.read(), file)
            os.rename(f"{path}-new", path)
            self.before = {"seconds": 0, "processorSeconds": 0}
        else:
            with open(f"{path}/seconds.json") as file:
                self.before = json.load(file)
        return StaticModel.from_pretrained(path)

    def predict(self, texts):
        return self.head.predict(self.model.encode(list(texts)))

    def save(self, folder):
        import joblib

        path = os.path.join(folder, "model2vec")
        self.model.save_pretrained(path)
        joblib.dump(self.head, os.path.join(path, "head.joblib"))
        return path


class StaticTuned(StaticLogistic):
    """The same static model, fine-tuned with its head by model2vec's defaults."""

    packages = ("model2vec", "torch", "scikit-learn", "numpy")

    def fit(self, texts, labels, job):
        import torch
        from model2vec.train import StaticModelForClassification

        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
        classifier = StaticModelForClassification.from_static_model(model=self.static(job))
        classifier.fit(list(texts), [str(label) for label in labels], random_seed=job["seed"])
        self.pipeline = classifier.to_pipeline()
        return None

    def predict(self, texts):
        return [int(label) for label in self.pipeline.predict(list(texts))]

    def save(self, folder):
        path = os.path.join(folder, "model2vec")
        self.pipeline.save_pretrained(path)
        return path


PEERS = {
    "tfidf-svm": TfidfSvm,
    "tfidf-logistic": TfidfLogistic,
    "fasttext": FastText,
    "fasttext-tuned": FastTextTuned,
    "fasttext-quantised": FastTextQuantised,
    "fasttext-autotune": FastTextAutotune,
    "model2vec-logistic": StaticLogistic,
    "model2vec-tuned": StaticTuned,
}


def percentile(values, share):
    return sorted(values)[int(share * len(values))]


def speed(peer, texts):
    """Of one text after the other, and of batches; what prepares a text is in it. Time of the processor, which other work on the
    machine changes less than what passes; both are the same to one thread that has a core to itself."""
    texts = list(texts)
    for text in texts[:WARM_UP]:
        peer.predict([text])

    def micros(batch):
        begun = time.process_time_ns()
        peer.predict(batch)
        return (time.process_time_ns() - begun) / 1000

    single = [micros([texts[i % len(texts)]]) for i in range(TIMED)]
    starts = list(range(0, len(texts) - BATCH + 1, BATCH)) * ROUNDS
    batches = [micros(texts[start : start + BATCH]) for start in starts]
    return {
        "p50Micros": percentile(single, 0.5),
        "p95Micros": percentile(single, 0.95),
        "textsPerSecond": 1e6 * BATCH / percentile(batches, 0.5),
    }


def scores(peer, table):
    from sklearn.metrics import accuracy_score, f1_score

    labels = table["labels"]
    found = list(peer.predict(table["texts"]))
    share = {"accuracy": accuracy_score(labels, found)}
    return {**share, "f1": f1_score(labels, found)} if max(labels) == 1 else share


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    with open(job["rows"], encoding="utf-8") as file:
        rows = json.load(file)
    peer = PEERS[job["peer"]]()
    clock = Clock()
    chosen = peer.fit(rows["train"]["texts"], rows["train"]["labels"], job)
    taken = clock.read()
    for name, seconds in getattr(peer, "before", {}).items():
        taken[name] += seconds
    folder = os.path.join(job["work"], "shipped")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    size = bytes_under(peer.save(folder))
    shutil.rmtree(folder)
    [first, *_] = rows["evaluated"].values()
    result = {
        "scores": {split: scores(peer, table) for split, table in rows["evaluated"].items()},
        "bytes": size,
        **taken,
        "speed": speed(peer, first["texts"]) if job["isTimed"] else None,
        "chosen": chosen,
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in peer.packages}},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
