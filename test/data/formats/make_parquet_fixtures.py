"""Small Parquet files for test/data/formats/parquet.test.ts, written by pyarrow and by pandas.

python test/data/formats/make_parquet_fixtures.py        (pip install pyarrow pandas)
"""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

folder = Path(__file__).parent / "parquet"
folder.mkdir(exist_ok=True)

# As Hugging Face's `datasets` writes it: numbers, with their names in the metadata. Three row groups.
features = {
    "info": {
        "features": {
            "sentence": {"dtype": "string", "_type": "Value"},
            "label": {"names": ["negative", "positive"], "_type": "ClassLabel"},
            "idx": {"dtype": "int32", "_type": "Value"},
        }
    }
}
hub = pa.table(
    {
        "sentence": ["it 's charming", "dull, \"flat\"\nand long", "", "café 😀", "fine"],
        "label": pa.array([1, 0, 0, 1, -1], pa.int64()),
        "idx": pa.array([0, 1, 2, 3, 4], pa.int32()),
    }
).replace_schema_metadata({"huggingface": json.dumps(features)})
for compression in "snappy", "gzip", "brotli", "zstd", "lz4":
    pq.write_table(hub, folder / f"hub-{compression}.parquet", compression=compression, row_group_size=2)

frame = pd.DataFrame(
    {
        "text": ["a", "b", "c"],
        "label": ["good", None, "bad"],
        "score": [1.5, float("nan"), -2.0],
        "count": [1, 2, 3],
    }
)
frame.to_parquet(folder / "pandas.parquet")
pq.write_table(pa.table({"text": ["a", None], "label": [True, False]}), folder / "null-text.parquet")
pq.write_table(pa.table({"text": [["a"], ["b"]]}), folder / "lists.parquet")
# Bytes that are not UTF-8 in a column that says it is text.
latin1 = pa.array([b"fine", "caf\u00e9".encode("latin-1")], pa.binary()).view(pa.string())
pq.write_table(pa.table({"text": latin1}), folder / "latin1.parquet")
