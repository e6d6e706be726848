"""Any picture of a digit, made into one like those of the database (Section III-A).

"The original black and white (bilevel) images were size normalized to fit in a 20x20 pixel
box while preserving their aspect ratio. The resulting images contain grey levels as result of
the anti-aliasing", then "centered in a 28x28 image by computing the center of mass of the
pixels, and translating the image so as to position this point at the center". The same is done
here to a scan, a photograph or a drawing, after its ink has been told from its paper.
"""

import math
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageOps
from scipy.ndimage import label
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from lenet5.errors import LeNet5Error
from lenet5.mnist import averaging

LIMIT = 50_000_000  # pixels: about 200 MB once decoded
FORMATS = ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]  # none that runs a program
FAINTEST = 16.0  # grey levels of 255 between ink and paper, below which a picture is blank
"""Paper, as a camera sees it, is never flatter than a few levels."""


def read_picture(path: Path | str) -> Image.Image:
    """The picture in a file, upright as its EXIF orientation says, decoded.

    Raises:
        LeNet5Error: no such file, a folder, not a picture, cut short, or above 50 megapixels
            (checked in the header, before anything is decoded).
    """
    path = Path(path)
    if path.is_dir():
        raise LeNet5Error(f"{path} is a folder: name a picture in it.")
    if not path.exists():
        raise LeNet5Error(f"{path} does not exist: check its name.")
    guard, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # LIMIT is lower, and no warning
    try:
        with Image.open(path, formats=FORMATS) as picture:
            _check_size(picture, str(path))
            picture.load()
            return ImageOps.exif_transpose(picture)
    except LeNet5Error:
        raise
    except Exception as error:  # Pillow's decoders raise nearly every class on a damaged file
        raise LeNet5Error(
            f"{path} is not a picture that can be read ({error}): give a whole file in one of "
            f"{', '.join(FORMATS)}."
        ) from error
    finally:
        Image.MAX_IMAGE_PIXELS = guard


def normalise(picture: Image.Image) -> UInt8[Tensor, "28 28"]:
    """A picture of one digit as the database would hold it: 0 background, 255 ink.

    Any size, colour mode and polarity will do. The centre of mass comes to lie on pixel
    (14, 14), counted from 0, to within half a pixel: that is where it lies in each of the
    60,000 training images, which were moved by whole pixels too.

    Raises:
        LeNet5Error: the picture is blank, or above 50 megapixels.
    """
    _check_size(picture, "the picture")
    ink = _ink(_shrunk(_luminance(picture)))
    box = _cropped(ink)
    scale = 20 / max(box.shape)
    height, width = (max(1, round(scale * side)) for side in box.shape)
    small = averaging(box.shape[0], height) @ box @ averaging(box.shape[1], width).T
    small = small / small.max()  # a thin pen, averaged, would be a faint one
    return _centred((255 * small).round().to(torch.uint8))


def _check_size(picture: Image.Image, name: str) -> None:
    pixels = picture.width * picture.height
    if pixels > LIMIT:
        raise LeNet5Error(
            f"{name} has {pixels / 1e6:,.0f} megapixels: scale it below {LIMIT / 1e6:.0f}."
        )
    if pixels == 0:
        raise LeNet5Error(f"{name} has no pixels: give one that shows a digit.")


def _luminance(picture: Image.Image) -> Float[Tensor, "h w"]:
    """Grey levels, 0 dark to 255 light, of any mode."""
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 bits and more: any range
        grey = torch.from_numpy(np.array(picture, dtype=np.float32))
        if not grey.isfinite().all():
            raise LeNet5Error("the picture has pixels that are no numbers: save it as PNG.")
        return 255 * (grey - grey.min()) / (grey.max() - grey.min()).clamp(min=1e-6)
    if not picture.has_transparency_data:
        return torch.from_numpy(np.array(picture.convert("L"), dtype=np.float32))
    layers = np.array(picture.convert("RGBA").convert("LA"), dtype=np.float32)
    grey, alpha = torch.from_numpy(layers).unbind(-1)
    alpha = alpha / 255
    # What is drawn on a transparent sheet is ink, be it dark or light: the sheet is the contrary.
    sheet = 255.0 if (alpha * grey).sum() < 127.5 * alpha.sum() else 0.0
    return alpha * grey + (1 - alpha) * sheet


def _shrunk(grey: Float[Tensor, "h w"]) -> Float[Tensor, "h1 w1"]:
    """At most about 1,000 pixels a side: 20 are wanted, and a camera's noise averages out."""
    factor = max(grey.shape) // 512
    if factor < 2:
        return grey
    return avg_pool2d(grey[None], min(factor, *grey.shape), factor, ceil_mode=True)[0]


def _ink(grey: Float[Tensor, "h w"]) -> Float[Tensor, "h w"]:
    """How much ink each pixel holds, 0 to 1, whatever the polarity and the light.

    The two sides of Otsu's threshold are ink and paper. Paper is the side that most pixels
    of the picture's border lie on: a digit is drawn inside its sheet.
    """
    border = torch.cat([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if (border > _otsu(grey)).float().mean() > 0.5:
        grey = -grey  # ink is high from here on
    level, spread = _paper(grey)
    if spread > 0:  # a photograph; in a drawing most of the paper has one and the same grey
        grey = grey - _plane(grey)
        level, spread = _paper(grey)
    dark = grey[grey > _otsu(grey)]
    full = float(dark.quantile(0.95 if spread > 0 else 1.0)) if len(dark) else level
    if full - level < max(FAINTEST, 6 * spread):
        raise LeNet5Error("the picture is blank: give one in which a digit stands out.")
    floor = level + 3 * spread  # what is below is the grain of the paper
    return ((grey - floor) / (full - floor)).clamp(0, 1)


def _otsu(grey: Float[Tensor, "h w"]) -> float:
    """The threshold that leaves the least variance on its two sides (Otsu 1979)."""
    low, high = float(grey.min()), float(grey.max())
    if high <= low:
        return high
    counts = torch.histc(grey, 256, low, high)
    middles = low + (torch.arange(256) + 0.5) * (high - low) / 256
    below, sums = counts.cumsum(0), (counts * middles).cumsum(0)
    above = below[-1] - below
    means_apart = sums / below.clamp(min=1) - (sums[-1] - sums) / above.clamp(min=1)
    best = int((below * above * means_apart**2).argmax())
    return low + (best + 1) * (high - low) / 256


def _paper(grey: Float[Tensor, "h w"]) -> tuple[float, float]:
    """Median grey of the paper and its spread (the median deviation, as a standard one)."""
    paper = grey[grey <= _otsu(grey)]
    level = paper.median()
    return float(level), 1.4826 * float((paper - level).abs().median())


def _plane(grey: Float[Tensor, "h w"]) -> Float[Tensor, "h w"]:
    """The plane nearest to the paper: light that falls from one side."""
    rows, columns = (torch.linspace(-1, 1, side) for side in grey.shape)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    design = torch.stack([torch.ones_like(x), x, y], -1)
    paper = grey <= _otsu(grey)
    fit = torch.linalg.lstsq(design[paper], grey[paper][:, None], driver="gelsd").solution
    return (design @ fit).squeeze(-1)


def _cropped(ink: Float[Tensor, "h w"]) -> Float[Tensor, "h1 w1"]:
    """The bounding box of the ink, specks left out.

    A speck is what touches nothing else and holds less than a fiftieth of the ink of the
    largest stroke: dust and grain, and no part of a digit.
    """
    strokes, _ = label(ink.numpy() > 0.05, structure=np.ones((3, 3)))
    held = np.bincount(strokes.ravel(), weights=ink.numpy().ravel())
    held[0] = 0  # the paper
    large = held >= held.max() / 50
    kept = torch.from_numpy(large[strokes])
    rows, columns = kept.any(1).nonzero(), kept.any(0).nonzero()
    large[0] = True  # what is too faint to bound a stroke is still its rim
    ink = ink * torch.from_numpy(large[strokes])
    return ink[int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]


def _centred(box: UInt8[Tensor, "h w"]) -> UInt8[Tensor, "28 28"]:
    """A box of at most 20x20 in a field of 28x28, moved by whole pixels, never cut."""
    weights = box.float() / box.float().sum()
    before = []
    for side, profile in ((box.shape[0], weights.sum(1)), (box.shape[1], weights.sum(0))):
        centre = float(profile @ torch.arange(float(side)))
        before.append(min(max(math.ceil(13.5 - centre), 0), 28 - side))
    top, left = before
    return pad(box, (left, 28 - left - box.shape[1], top, 28 - top - box.shape[0]))
