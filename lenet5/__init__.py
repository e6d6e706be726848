"""LeNet-5 as it was published in 1998, run.

Import from the modules, which follow the paper: `lenet5.mnist` (Section III-A),
`lenet5.layers`, `lenet5.networks` and `lenet5.losses` (Section II), `lenet5.sdlm`
(Appendix C), `lenet5.training` (Section III-B). `python -m lenet5` is the command
line.
"""

__version__ = "0.1.0"
