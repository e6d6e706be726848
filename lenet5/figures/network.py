"""A whole network in one picture, in the manner of Figure 2."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from torch import Tensor, nn

from lenet5.figures.style import INK, PALETTE, bare, new_figure
from lenet5.layers import Convolution, EuclideanRBF, FullConnection, Subsampling
from lenet5.networks import Network
from lenet5.paper import CODE_COLUMNS, CODE_ROWS

_WIDTH, _MARGIN, _GAP = 5.6, 0.1, 0.24  # inches, as everything here
_LARGEST = 0.023  # a pixel of the input
_LINE, _LETTER, _CAPITAL = 0.165, 0.085, 0.108  # height and widths of letters of 10.5 points
_FACES = ("#e3f1fa", "#e1f4ee", "#fbe6f1", "#f0ecfd")  # tints of the colours below
_KINDS = {  # colour, tint, name of the operation, as Figure 2 has them
    Convolution: (PALETTE[0], _FACES[0], "Convolutions"),
    Subsampling: (PALETTE[2], _FACES[1], "Subsampling"),
    FullConnection: (PALETTE[3], _FACES[2], "Full\nconnection"),
    EuclideanRBF: (PALETTE[4], _FACES[3], "Gaussian\nconnections"),
}


@dataclass
class _Stage:
    """A layer's maps on the page: overlapping squares, or one upright strip of units."""

    name: str
    label: str
    maps: int
    rows: int
    columns: int
    colour: str
    face: str
    cell: float = 0.0  # inches a pixel of a map, or a unit of a strip
    step: float = 0.0  # from one map to the next, right and down
    left: float = 0.0
    top: float = 0.0

    @property
    def flat(self) -> bool:
        return self.rows * self.columns == 1

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of all of it."""
        if self.flat and self.maps == CODE_ROWS * CODE_COLUMNS:
            return CODE_COLUMNS * self.cell, CODE_ROWS * self.cell
        if self.flat:
            return 0.09, self.maps * self.cell
        spread = self.step * (self.maps - 1)
        return self.columns * self.cell + spread, self.rows * self.cell + spread

    def corner(self, index: int) -> tuple[float, float]:
        """Upper left corner of a map; the last one lies in front."""
        return self.left + index * self.step, self.top - index * self.step

    def field(self, row: int, column: int, side: int) -> np.ndarray:
        """The corners of a square of `side` pixels on the map in front."""
        left, top = self.corner(0 if self.flat else self.maps - 1)
        x, y = left + column * self.cell, top - row * self.cell
        edge = side * self.cell
        return np.array([(x, y), (x + edge, y), (x + edge, y - edge), (x, y - edge)])


def draw_network(
    network: Network, image: Float[Tensor, "maps rows columns"] | None = None
) -> Figure:
    """The layers as stacks of maps in proportion, what one unit sees, and the operations.

    The field drawn on a map is the one that the unit at the tip of its pyramid sees.
    A layer of 84 is drawn as the 7x12 picture that the output units compare with their codes.

    Args:
        network: any stack of this book's layers.
        image: if given, every map shows the state that this image puts it in, purple
            below zero and orange above.
    """
    stages = _stages(network)
    _place(stages)
    above, below, middle = 2 * (2 * _LINE) + 0.14, 4 * _LINE + 0.12, _tallest(stages)
    figure, axes = new_figure(size=(_WIDTH, above + middle + below))
    figure.set_layout_engine("none")
    figure.suppressComposite = True  # each map keeps its own pixels
    bare(axes).set_position((0, 0, 1, 1))
    axes.set(xlim=(0, _WIDTH), ylim=(-middle / 2 - below, middle / 2 + above))

    states = _states(network, image)
    for stage in stages:
        _draw_stage(axes, stage, None if states is None else states[stage.name])
    modules: list[nn.Module] = [layer for _, layer in network.layers()] + [network.output]
    for number, layer in enumerate(modules):
        _draw_sight(axes, stages[number], stages[number + 1], layer, number)
    _write(axes, stages, modules, middle / 2)
    return figure


def _stages(network: Network) -> list[_Stage]:
    maps, rows, columns = network.input_shape
    name = f"INPUT\n{rows}x{columns}" if maps == 1 else f"INPUT\n{maps} maps of {rows}x{columns}"
    stages = [_Stage("input", name, maps, rows, columns, "#7a8594", "#f1f3f5")]
    modules = dict(network.layers()) | {"output": network.output}
    for count in network.counts():
        maps, rows, columns = count.maps, count.rows, count.columns
        colour, face, _ = _KINDS[type(modules[count.layer])]
        if count.layer == "output":
            label = f"OUTPUT\n{maps}"
        elif rows * columns == 1:
            label = f"{count.layer}: layer\nof {maps}"
        else:
            label = f"{count.layer}: {maps} maps\nof {rows}x{columns}"
        stages.append(_Stage(count.layer, label, maps, rows, columns, colour, face))
    return stages


def _place(stages: Sequence[_Stage]) -> None:
    """Sizes and positions: one scale for all maps, equal gaps, all centred on a line."""
    for stage in stages:
        if stage.flat:
            stage.cell = 0.04 if stage.maps == CODE_ROWS * CODE_COLUMNS else _unit(stage.maps)
        elif stage.maps > 1:
            stage.step = min(0.034, 0.3 / (stage.maps - 1))
    free = _WIDTH - 2 * _MARGIN - sum(stage.size[0] for stage in stages)
    pixels = sum(stage.columns for stage in stages if not stage.flat)
    # A strip is narrow and its label is not: the gap before it is wider.
    shares = [1.75 if stage.flat else 1.0 for stage in stages[1:]]
    scale = min((free - sum(shares) * _GAP) / pixels, _LARGEST)
    for stage in stages:
        stage.cell = stage.cell or scale
    gap = (_WIDTH - 2 * _MARGIN - sum(stage.size[0] for stage in stages)) / sum(shares)
    left = _MARGIN
    for stage, share in zip(stages, [*shares, 0.0], strict=True):
        stage.left, stage.top = left, stage.size[1] / 2
        left += stage.size[0] + gap * share


def _unit(units: int) -> float:
    """Height of one unit of a strip: a strip is half an inch high at least, 0.85 at most."""
    return min(max(0.0072, 0.5 / units), 0.85 / units)


def _tallest(stages: Sequence[_Stage]) -> float:
    return max(stage.size[1] for stage in stages)


def _states(network: Network, image: Tensor | None) -> dict[str, np.ndarray] | None:
    if image is None:
        return None
    with torch.no_grad():
        states = {"input": image[None], **network.states(image[None])}
        states["output"] = network(image[None])
    return {name: state[0].numpy() for name, state in states.items()}


def _draw_stage(axes: Axes, stage: _Stage, state: np.ndarray | None) -> None:
    if stage.flat:
        rows = CODE_ROWS if stage.size[0] > 0.1 else stage.maps
        columns = stage.maps // rows
        pictures = None if state is None else [state.reshape(rows, columns)]
        width, height = stage.size
        corners = [stage.corner(0)]
    else:
        pictures = None if state is None else list(state)
        width, height = stage.columns * stage.cell, stage.rows * stage.cell
        corners = [stage.corner(index) for index in range(stage.maps)]
    for index, (x, y) in enumerate(corners):
        order = 2 + index / len(corners)
        box = (x, y - height)
        axes.add_patch(Rectangle(box, width, height, facecolor=stage.face, edgecolor=stage.colour,
                                 linewidth=0.8, zorder=order))  # fmt: skip
        if pictures is not None:
            _draw_state(axes, stage, pictures[index], (x, x + width, y - height, y), state, order)
            axes.add_patch(Rectangle(box, width, height, fill=False, edgecolor=stage.colour,
                                     linewidth=0.8, zorder=order + 0.4 / len(corners)))  # fmt: skip
    if pictures is None and stage.flat:
        _draw_grid(axes, stage)


def _draw_state(
    axes: Axes, stage: _Stage, picture: np.ndarray, extent: Any, state: Any, order: float
) -> None:
    if stage.name in ("input", "output"):  # ink is dark, and so is the smallest penalty
        colours = {"cmap": "gray_r" if stage.name == "input" else "gray",
                   "vmin": state.min(), "vmax": state.max()}  # fmt: skip
    else:
        limit = float(np.abs(state).max()) or 1.0
        colours = {"cmap": "PuOr_r", "vmin": -limit, "vmax": limit}
    axes.imshow(picture, extent=extent, aspect="auto", interpolation="none",
                zorder=order + 0.2 / stage.maps, **colours)  # fmt: skip


def _draw_grid(axes: Axes, stage: _Stage) -> None:
    """The single units of a strip."""
    width, height = stage.size
    columns = round(width / stage.cell) if width > 0.1 else 1
    rows = stage.maps // columns
    x, y = stage.corner(0)
    style: dict[str, Any] = {
        "color": stage.colour,
        "linewidth": 0.35 * min(1.0, stage.cell / 0.03),
        "zorder": 3,
    }
    for row in range(1, rows):
        axes.plot([x, x + width], [y - row * height / rows] * 2, **style)
    for column in range(1, columns):
        axes.plot([x + column * width / columns] * 2, [y, y - height], **style)


def _draw_sight(axes: Axes, source: _Stage, target: _Stage, layer: nn.Module, number: int) -> None:
    """What one unit of the target sees: a pyramid from its field to the unit itself."""
    high = number % 2 == 0
    if source.flat:  # all of it
        (x, y), (width, height) = source.corner(0), source.size
        field = np.array([(x + width, y), (x + width, y - height)])
    else:
        side, stride = (2, 2) if isinstance(layer, Subsampling) else (_side(layer, source), 1)
        row = int((0.2 if high else 0.72) * target.rows) if not target.flat else 0
        column = int(0.55 * target.columns) if not target.flat else 0
        field = source.field(row * stride, column * stride, side)
        axes.add_patch(Polygon(field, facecolor=target.colour, alpha=0.3, linewidth=0, zorder=5))
        axes.add_patch(Polygon(field, fill=False, edgecolor=target.colour, linewidth=1.3, zorder=6))
    if target.flat:
        width, height = target.size
        unit = 1 / (2 * CODE_ROWS) if width > 0.1 else 0.5 / target.maps
        tip = np.array([target.left, target.top - (0.35 + unit) * height])
    else:
        unit_square = target.field(row, column, 1)
        tip = unit_square.mean(0)
        axes.add_patch(Polygon(unit_square, facecolor=target.colour, linewidth=0, zorder=6))
    hull = _hull(field, tip)
    axes.add_patch(Polygon(hull, facecolor=target.colour, alpha=0.2, linewidth=0, zorder=5))
    for corner in field:
        axes.plot(*zip(corner, tip, strict=True), color=target.colour, linewidth=0.9, zorder=6)


def _side(layer: nn.Module, source: _Stage) -> int:
    return layer.size if isinstance(layer, Convolution) else source.rows


def _hull(field: np.ndarray, tip: np.ndarray) -> np.ndarray:
    """The outline of the pyramid: its two outermost edges as seen from the tip, and the field."""
    angles = np.arctan2(*(field - tip).T[::-1]) % (2 * np.pi)  # all to the left: around pi
    return np.array([tip, field[angles.argmin()], field[angles.argmax()]])


def _write(axes: Axes, stages: Sequence[_Stage], modules: Sequence[nn.Module], half: float) -> None:
    """Sizes above, operations below, each in two rows by turns so that they have room."""
    style: dict[str, Any] = {"fontsize": 10.5, "color": INK, "linespacing": 1.05}
    for number, stage in enumerate(stages):
        width, height = stage.size
        x = stage.left + width / 2
        y = half + 0.05 + (number % 2) * (2 * _LINE + 0.04)
        axes.plot([x, x], [height / 2 + 0.03, y], color=INK, linewidth=0.5, alpha=0.4)
        x = _inside(x, stage.label)
        axes.text(x, y + 0.02, stage.label, ha="center", va="bottom", **style)
    for number, layer in enumerate(modules):
        source, target = stages[number], stages[number + 1]
        colour, _, name = _KINDS[type(layer)]
        x = (source.left + source.size[0] + target.left) / 2
        y = -half - 0.06 - (number % 2) * (2 * _LINE + 0.02)
        foot = -max(min(source.size[1], target.size[1]) / 2, 0.1)
        axes.plot([x, x], [foot, y], color=colour, linewidth=0.7, alpha=0.8)
        axes.text(_inside(x, name), y - 0.02, name, ha="center", va="top", **style)


def _inside(x: float, text: str) -> float:
    """Where to centre a text so that it stays on the page."""
    lines = text.split("\n")
    half = max(sum(_CAPITAL if c.isupper() else _LETTER for c in line) for line in lines) / 2
    return min(max(x, half + 0.02), _WIDTH - half - 0.02)
