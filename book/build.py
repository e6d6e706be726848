"""Fetches MNIST, executes every chapter, builds the site: `python book/build.py`.

A warning fails the build; what goes wrong in a chapter is printed with its traceback.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

BOOK = Path(__file__).resolve().parent
SITE = BOOK / "_build" / "html" / "index.html"


def main() -> int:
    fetched = subprocess.run([sys.executable, "-m", "lenet5", "fetch"], cwd=BOOK.parent)
    if fetched.returncode:
        return fetched.returncode
    # One thread a chapter, so that sums are repeatable.
    repeatable = {"OMP_NUM_THREADS": "1"}
    jupyter_book = Path(sysconfig.get_path("scripts")) / "jupyter-book"
    built = subprocess.run(
        [str(jupyter_book), "build", str(BOOK), "-n", "-W", "--keep-going"],
        env=os.environ | repeatable,
    )
    if built.returncode:
        print("The book was not built: the warnings above say where.", file=sys.stderr)
        return 1
    print(f"\nThe book: {SITE.as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
