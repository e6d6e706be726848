"""The planar affine distortions of Section III-B.

The paper names them (translation, scaling, squeezing, shearing) and shows ten
digits distorted ten times in Figure 7, but prints no ranges. Those below are
recovered from the figure: its 100 images are bilinear maps of training images,
to 1.1 grey levels of 255, with the pixel (x, y) of a 32 x 32 frame taken from

    x' = r (1 + u) (x - 15.5) + r h (y - 18.5) + 15.5 + t_x
    y' = r (1 - u) (y - 26) + 26 + t_y

and r, u, h, t_x and t_y spread evenly and independently over the ranges. There
is no rotation. Digits may be cut at the border.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

BACKGROUND = -0.1
"""What lies outside an image: the white of Section II-B."""

_FRAME = 32
_PIVOT_X, _PIVOT_SHEAR, _PIVOT_Y = 15.5, 18.5, 26.0


class Ranges(NamedTuple):
    """Between which bounds each of the five parameters is drawn.

    Attributes:
        r: of the scale: a pixel of the distorted image is r pixels of the original.
        u: of the squeezing: wider by 1 + u and lower by 1 - u, before inversion.
        h: of the shear, columns a row.
        t: of both translations, in pixels of the original.
    """

    r: tuple[float, float]
    u: tuple[float, float]
    h: tuple[float, float]
    t: tuple[float, float]


FIGURE_7 = Ranges(r=(0.77, 1.40), u=(-0.10, 0.10), h=(-0.14, 0.14), t=(-2.0, 2.0))
GENTLE = Ranges(r=(0.92, 1.08), u=(-0.05, 0.05), h=(-0.10, 0.10), t=(-1.0, 1.0))
"""Our own, for comparison: two thirds of Figure 7's shear, half or less of all else."""

RANGES = {"figure_7": FIGURE_7, "gentle": GENTLE}

IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0)
"""The map of an image that is not distorted."""


@dataclass(frozen=True)
class Distortion:
    """Draws maps at random.

    A map is five numbers (a, b, c, d, e): the pixel in column x and row y is taken
    from column a x + b y + c and row d y + e.

    Args:
        seed: of the draws.
        ranges: of the parameters.
        side: of the images. The centre of the frame is where it is in 32 x 32.
    """

    seed: int
    ranges: Ranges = FIGURE_7
    side: int = _FRAME

    def draw(self, samples: int, stream: int = 0) -> Float[Tensor, "samples 5"]:
        """Maps for so many presentations.

        The n-th map depends on the seed, the stream and n alone, not on how many
        are drawn with it, nor on which process draws them.

        Args:
            samples: how many.
            stream: the pass, or the copy, that they are for.
        """
        bits = np.random.Philox(np.random.SeedSequence([self.seed, 7, stream]))
        low, high = np.array([*self.ranges[:3], self.ranges.t, self.ranges.t]).T
        parameters = low + (high - low) * np.random.Generator(bits).random((samples, 5))
        return self.maps(torch.from_numpy(parameters).float())

    def maps(self, parameters: Float[Tensor, "samples 5"]) -> Float[Tensor, "samples 5"]:
        """The maps of given r, u, h, t_x and t_y (the columns)."""
        r, u, h, t_x, t_y = parameters.double().T
        margin = (_FRAME - self.side) / 2
        x, shear, y = _PIVOT_X - margin, _PIVOT_SHEAR - margin, _PIVOT_Y - margin
        a, b, d = r * (1 + u), r * h, r * (1 - u)
        return torch.stack([a, b, x - a * x - b * shear + t_x, d, y - d * y + t_y], 1).float()

    def enlarge(self, images: int, copies: int) -> Float[Tensor, "sets images 5"]:
        """The maps of a fixed enlarged set: the images themselves, then `copies` of each.

        With 60,000 images and 9 copies, the paper's 60,000 patterns and 540,000 more.
        Nothing of it need be stored: it is drawn again whenever it is wanted.
        """
        originals = torch.tensor(IDENTITY).expand(images, 5)
        return torch.stack([originals, *(self.draw(images, c) for c in range(copies))])


def distort(
    images: Float[Tensor, "batch maps rows columns"], maps: Float[Tensor, "batch 5"]
) -> Float[Tensor, "batch maps rows columns"]:
    """Each image as its map shows it, bilinear, on a white ground."""
    rows, columns = images.shape[2:]
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    a, b, c, d, e = maps.T[:, :, None, None].to(images)
    column, row = a * x + b * y + c, (d * y + e).expand(-1, rows, columns)
    grid = torch.stack([(2 * column + 1) / columns - 1, (2 * row + 1) / rows - 1], 3)
    return F.grid_sample(images - BACKGROUND, grid, align_corners=False) + BACKGROUND
