"""The building blocks of Section II-A, drawn."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lenet5.figures.style import INK, PALETTE, new_figure

_Image = Float[np.ndarray, "_ _"]


def draw_shift(rows: Sequence[tuple[_Image, _Image, _Image]], names: Sequence[str]) -> Figure:
    """An input, a kernel and the feature map that they give, one line for each input.

    Args:
        rows: (input, kernel, map) of each line.
        names: of the lines.
    """
    figure, axes = new_figure(
        len(rows), 3, (5.6, 2.1 * len(rows)), squeeze=False, width_ratios=(1, 0.55, 1)
    )
    reach = max(float(np.abs(feature_map).max()) for _, _, feature_map in rows)
    for line, (image, kernel, feature_map), name in zip(axes, rows, names, strict=True):
        line[0].imshow(image, cmap="gray_r")
        largest = float(np.abs(kernel).max())
        line[1].imshow(kernel, cmap="PuOr_r", vmin=-largest, vmax=largest)
        line[2].imshow(feature_map, cmap="PuOr_r", vmin=-reach, vmax=reach)
        line[0].set_ylabel(name)
        for place in line:
            _frame(place)
    for place, title in zip(axes[0], ("input", "kernel", "feature map"), strict=True):
        place.set_title(title, loc="center")
    return figure


def _frame(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, alpha=0.35, linewidth=0.6)


def draw_squash(
    a: Float[np.ndarray, " points"], curves: Mapping[str, Float[np.ndarray, " points"]]
) -> Figure:
    """A function and its derivatives over the same sums a, with the points ±1 marked."""
    figure, axes = new_figure(size=(5.6, 3.4))
    for place in (-1, 1):
        axes.axvline(place, color=INK, alpha=0.35, linewidth=0.8, linestyle=":")
    axes.axhline(0, color=INK, alpha=0.35, linewidth=0.8)
    for (name, values), style in zip(curves.items(), ("-", "--", "-."), strict=False):
        axes.plot(a, values, style, label=name)
    axes.plot([-1, 1], [-1, 1], "o", color=PALETTE[0], markersize=6)
    axes.set(xlim=(a[0], a[-1]), xlabel="weighted sum $a$")
    axes.legend(loc="upper left")
    return figure


def draw_paths(
    bowls: Mapping[str, Float[np.ndarray, "2 2"]],
    paths: Mapping[str, Mapping[str, Float[np.ndarray, "steps 2"]]],
) -> Figure:
    """The paths of optimisers down quadratic bowls with their bottom at the origin.

    Args:
        bowls: the matrix of second derivatives of each bowl, by the bowl's name.
        paths: for each bowl, the points that each optimiser visits, by its name.
    """
    figure, axes = new_figure(1, len(bowls), (5.6, 3.3), squeeze=False, sharey=True)
    reach = 1.15 * max(np.abs(p).max() for of_bowl in paths.values() for p in of_bowl.values())
    grid = np.linspace(-reach, reach, 121)
    points = np.stack(np.meshgrid(grid, grid), -1)
    for place, (name, bowl) in zip(axes[0], bowls.items(), strict=True):
        height = np.einsum("...i,ij,...j", points, bowl, points) / 2
        levels = height.max() * np.geomspace(0.003, 0.9, 7)
        place.contour(grid, grid, height, levels, colors=INK, alpha=0.3, linewidths=0.8)
        for (label, path), style, width in zip(
            paths[name].items(), (".-", ".--"), (2.8, 1.4), strict=False
        ):
            place.plot(*path.T, style, label=label, markersize=4, linewidth=width)
        place.plot(0, 0, "+", color=INK, markersize=9)
        place.set(aspect="equal", title=name, xlabel="$w_1$", xlim=grid[[0, -1]])
        place.set_ylim(grid[0], grid[-1])
    axes[0, 0].set_ylabel("$w_2$")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure
