"""Where a function's process begins: AWS's own runtime client, with nothing beside the function.

Run by file name with `-S -P`, so that no package of this machine is in reach, as on Lambda.
"""

from __future__ import annotations

import os
import runpy
import sys

if __name__ == "__main__":
    sys.path[:0] = sys.argv[1].split(os.pathsep)
    sys.argv = ["awslambdaric", os.environ["_HANDLER"]]
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
