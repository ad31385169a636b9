"""Recorded answers in Parquet for test/teachers/recorded-teacher.test.ts, written by pyarrow.

python test/teachers/make_recorded_fixture.py        (pip install pyarrow)
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

answers = pa.table(
    {
        "id": pa.array([3, 1, 2], pa.int64()),
        "probabilities": pa.array([[0.1, 0.1, 0.8], None, None], pa.list_(pa.float64())),
        "logprobs": pa.array(
            [
                None,
                {"no": -1.6094379124341003, "maybe": -1.2039728043259361, "yes": -0.6931471805599453},
                {"no": -0.5108256237659907, "maybe": -1.2039728043259361, "yes": -2.302585092994046},
            ],
            pa.struct([("no", pa.float64()), ("maybe", pa.float64()), ("yes", pa.float64())]),
        ),
        "note": ["kept out", "", ""],
    }
)
pq.write_table(answers, Path(__file__).parent / "recorded.parquet", compression="snappy")
