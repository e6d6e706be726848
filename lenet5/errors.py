"""The one exception that a user can cure."""


class LeNet5Error(Exception):
    """Something outside the program is wrong, and its user can mend it.

    The message is one sentence that names the thing and the cure. The command
    line prints it and nothing else; every other exception is a bug and keeps
    its traceback.
    """
