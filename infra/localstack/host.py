"""LocalStack from PyPI as a process of this machine, its functions as processes beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from infra.local import lifeline
from infra.local.environment import without_proxy
from infra.local.home import LOOPBACK
from infra.localstack.installed import Installed, install
from infra.localstack.server import SETTINGS, wait_until_ready

# It takes long to end its services one by one, and there is nothing of them to be kept.
_ENDS_WITHIN_S = 5.0


@contextmanager
def running(folder: Path, port: int) -> Iterator[None]:
    """Have it answer at `port`, with all it writes in `folder`; only its log stays there."""
    installed = install()
    log, work = folder / "localstack.log", folder / "work"
    # LocalStack unpacks below the folder for temporary files.
    (work / "tmp").mkdir(parents=True)
    process = _start(installed, work, port, log)
    try:
        wait_until_ready(port, lambda: process.poll() is None, f"see {log}")
        yield
    finally:
        lifeline.end(process, _ENDS_WITHIN_S)
        _kill_functions(work)
        shutil.rmtree(work, ignore_errors=True)


def _start(installed: Installed, work: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(work),
        "TMPDIR": str(work / "tmp"),
        **without_proxy(),
        **SETTINGS,
        "GATEWAY_LISTEN": f"{LOOPBACK}:{port}",
        "DNS_ADDRESS": "0",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "FILESYSTEM_ROOT": str(work / "root"),
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "PROCESS_EXECUTOR_HOME": str(work / "functions"),
        "PROCESS_EXECUTOR_RUNTIME": str(installed.runtime),
    }
    with log.open("ab") as output:
        return subprocess.Popen(
            # By its file: LocalStack's environment has no package of ours but the executor.
            [str(installed.python), "-P", lifeline.__file__, "localstack.runtime.main"],
            cwd=work,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _kill_functions(work: Path) -> None:
    """Kill those that LocalStack had no time to end. Each is told a folder of its own in `work`."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get("TMPDIR", "").startswith(f"{work}/"):
                process.kill()
