"""Records of what was run, the verdicts that follow from them, and how to cite them.

Knows nothing of PyTorch: a record is text, and can be read where nothing is installed.
"""
