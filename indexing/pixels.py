"""Work on the pixels of a page: grey levels, skew, size. Knows Pillow and nothing about files."""

import math
from itertools import pairwise
from typing import Final

from PIL import Image

RECOGNITION_DPI: Final = 240
"""Measured: as good as 300 dpi and faster; 200 dpi loses small print."""

_SKEW_WIDTH: Final = 480
_SKEW_LIMIT: Final = 7.0
_SKEW_COARSE: Final = 0.5
_SKEW_FINE: Final = 0.25


def levelled(image: Image.Image) -> Image.Image:
    """Grey with ink black and paper white: clipped between the peak of the ink and a little below that of the paper.

    Flattening the paper's noise is what makes recognition faster and better; a page without two peaks stays as it is.
    """
    grey = image if image.mode == "L" else image.convert("L")
    histogram = grey.histogram()
    ink = max(range(128), key=histogram.__getitem__)
    paper = max(range(128, 256), key=histogram.__getitem__)
    if sum(histogram[128:]) < sum(histogram[:128]):  # white on black, or a photograph: no paper to be white
        return grey
    high = max(ink + 32, paper - 20)
    table = [min(255, max(0, (level - ink) * 255 // (high - ink))) for level in range(256)]
    return grey.point(table)


def resized(image: Image.Image, factor: float) -> Image.Image:
    """The image scaled by a factor, at least one pixel each way."""
    if abs(factor - 1) < 0.01:  # noqa: PLR2004 - a hundredth cannot be seen
        return image
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0 if factor < 1 else None)


def fitting(width: float, height: float, pixels: int) -> float:
    """The factor, at most 1, that brings an image under a number of pixels."""
    return min(1.0, math.sqrt(pixels / max(1.0, width * height)))


def skew(grey: Image.Image) -> float:
    """Degrees by which the page must be turned counter-clockwise to have level lines, 0 where that is not clear.

    The rows of a level page differ most: dark lines, light gaps. So a small copy is turned step by step and the squared
    differences of neighbouring row means are compared. Tesseract itself finds lines up to some 3
    degrees, but drops whole blocks of a page that hangs to the right, and says nothing.
    """
    factor = min(1.0, _SKEW_WIDTH / grey.width)
    small = resized(grey, factor).point([255 - level for level in range(256)])
    steps = round(_SKEW_LIMIT / _SKEW_COARSE)
    scores = {step * _SKEW_COARSE: _contrast(small, step * _SKEW_COARSE) for step in range(-steps, steps + 1)}
    best = max(scores, key=scores.__getitem__)
    if scores[best] < 1.15 * sorted(scores.values())[len(scores) // 2] or abs(best) == _SKEW_LIMIT:
        return 0.0  # no angle stands out: a picture, a blank page, a page lying on its side
    near = [best + step * _SKEW_FINE for step in (-1, 0, 1)]
    return max(near, key=lambda angle: _contrast(small, angle))


def _contrast(small: Image.Image, angle: float) -> float:
    turned = small.rotate(angle, Image.Resampling.NEAREST, fillcolor=0) if angle else small
    rows = turned.resize((1, turned.height), Image.Resampling.BOX).tobytes()
    return sum((upper - lower) ** 2 for upper, lower in pairwise(rows))


def rotated_back(
    box: tuple[int, int, int, int], angle: float, rotated: tuple[int, int], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Where a box of an image turned by ``angle`` (with ``expand``) lies on the image before; its size is kept."""
    x = (box[0] + box[2]) / 2 - rotated[0] / 2
    y = (box[1] + box[3]) / 2 - rotated[1] / 2
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    centre_x = cosine * x - sine * y + size[0] / 2
    centre_y = sine * x + cosine * y + size[1] / 2
    half_width, half_height = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    return centre_x - half_width, centre_y - half_height, centre_x + half_width, centre_y + half_height
