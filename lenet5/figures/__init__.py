"""Draws tensors, networks and histories. Imported by chapters and the command line only."""

from lenet5.figures.curves import draw_history
from lenet5.figures.digits import draw_codes, draw_digits, draw_maps
from lenet5.figures.style import INK, PALETTE, Picture, new_figure, show

__all__ = [
    "INK",
    "PALETTE",
    "Picture",
    "draw_codes",
    "draw_digits",
    "draw_history",
    "draw_maps",
    "new_figure",
    "show",
]
