"""Draws tensors, networks and histories. Imported by chapters and the command line only."""

from lenet5.figures.curves import draw_history
from lenet5.figures.digits import draw_codes, draw_digits, draw_maps
from lenet5.figures.matrix import draw_matrix, draw_table
from lenet5.figures.network import draw_network
from lenet5.figures.style import INK, PALETTE, Picture, new_figure, show
from lenet5.figures.tables import Table, table

__all__ = [
    "INK",
    "PALETTE",
    "Picture",
    "Table",
    "draw_codes",
    "draw_digits",
    "draw_history",
    "draw_maps",
    "draw_matrix",
    "draw_network",
    "draw_table",
    "new_figure",
    "show",
    "table",
]
