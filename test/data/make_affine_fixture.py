"""Writes affine.scipy.json: images turned, stretched and slanted by scipy.ndimage.affine_transform.

    python test/data/make_affine_fixture.py
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy.ndimage import affine_transform

rng = np.random.default_rng(1)
STILL = dict(angle=0.0, widthFactor=1.0, heightFactor=1.0, shear=0.0)
CASES = [
    (7, 5, STILL),
    (7, 5, dict(STILL, angle=0.3)),
    (7, 5, dict(STILL, angle=np.pi / 2)),
    (6, 8, dict(STILL, widthFactor=1.25, heightFactor=0.8)),
    (6, 8, dict(STILL, shear=0.5)),
    (9, 9, dict(angle=-0.7, widthFactor=1.1, heightFactor=0.7, shear=-0.2)),
    (4, 3, dict(angle=3.0, widthFactor=0.5, heightFactor=2.0, shear=0.1)),
]


def transformed(image, affine):
    """As SciPy does it: what is read is the inverse of what is done, about the centre, in (row, column) order."""
    cos, sin = np.cos(affine["angle"]), np.sin(affine["angle"])
    turn = np.array([[cos, -sin], [sin, cos]])  # clockwise, y pointing down
    slant = np.array([[1, -affine["shear"]], [0, 1]])
    stretch = np.diag([affine["widthFactor"], affine["heightFactor"]])
    matrix = np.linalg.inv(turn @ slant @ stretch)[::-1, ::-1]
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - matrix @ centre
    return affine_transform(image.astype(float), matrix, offset=offset, order=1, mode="grid-constant")


cases = []
for width, height, affine in CASES:
    image = rng.integers(0, 256, (height, width))
    image[0] = 0  # a black border, so that the box around what is lit is smaller than the image
    image[:, -1] = 0
    cases.append(
        dict(
            width=width,
            height=height,
            affine=affine,
            image=image.flatten().tolist(),
            transformed=np.round(transformed(image, affine), 6).flatten().tolist(),
        )
    )
out = Path(__file__).with_name("affine.scipy.json")
out.write_text(json.dumps(dict(scipy=scipy.__version__, cases=cases), indent=1) + "\n")
