"""Makes the golden values of test_split.c with real scikit-learn. Run by hand:

    python tests/golden/make_splits.py

It writes splits.json beside itself: how many rows of each class train_test_split gives to both parts, of
datasets in which no two classes tie for the last row (there chance decides).
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.model_selection import train_test_split

HERE = pathlib.Path(__file__).resolve().parent
COUNTS = [[50, 31, 17], [100, 7], [3, 5, 9, 21], [40, 40], [1000, 20, 2], [13, 29, 31, 37, 41], [11, 23], [60, 1],
          [2, 2, 3, 2]]
SIZES = [0.1, 0.2, 0.25, 0.3, 0.5, 0.75, 1 / 3]


def split(counts, size, stratify, seed):
    y = np.repeat(np.arange(len(counts)), counts)
    train, test = train_test_split(y, test_size=size, random_state=seed,
                                   stratify=y if stratify else None)
    return [np.bincount(part, minlength=len(counts)).tolist() for part in (train, test)]


def cases():
    for counts in COUNTS:
        for size in SIZES:
            case = {"counts": counts, "test_size": size}
            case["rows"] = [sum(part) for part in split(counts, size, False, 0)]
            try:
                made = [split(counts, size, True, seed) for seed in range(8)]
            except ValueError:
                case["refused"] = True
                yield case
                continue
            if all(m == made[0] for m in made):
                case["train"], case["test"] = made[0]
                yield case


made = {"made_with": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "cases": list(cases())}
text = json.dumps(made).replace("}, {", "},\n{")
(HERE / "splits.json").write_text(text + "\n")
print(len(made["cases"]), len(text))
