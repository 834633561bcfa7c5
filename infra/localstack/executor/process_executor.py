"""LocalStack's functions as processes of this machine.

What the functions are told of `/var/task` leads to where LocalStack has unpacked them. Told
by the environment of LocalStack: `PROCESS_EXECUTOR_HOME`, a folder to work in, and
`PROCESS_EXECUTOR_RUNTIME`, where AWS's runtime client is.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import (
    LambdaRuntimeException,
    RuntimeExecutor,
)

from infra.localstack.executor.runtime_api import Invocation, deadline_in
from infra.localstack.executor.sandbox import Answer, DidNotStart, Sandbox

_LOG = logging.getLogger(__name__)
_LOOPBACK = "127.0.0.1"
_TASK = "/var/task"
_STARTER = Path(__file__).with_name("start_runtime.py")


class ProcessExecutor(RuntimeExecutor):
    """One execution environment. LocalStack hands it one event at a time."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id=id, function_version=function_version)
        self._told: dict[str, str] = {}
        self._sandbox: Sandbox | None = None
        self._folder: Path | None = None
        self._ended = False

    def start(self, env_vars: dict[str, Any]) -> None:
        """Load the function. Raises what LocalStack expects when that fails."""
        self._told = {name: str(value) for name, value in env_vars.items()}
        name = self.function_version.id.function_name
        home = Path(os.environ["PROCESS_EXECUTOR_HOME"])
        home.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix=f"{name[:40]}-", dir=home))
        try:
            self._sandbox = self._load()
        except DidNotStart as error:
            # Nobody else ever tells what it printed.
            _LOG.warning("%s was not loaded: %s\n%s", name, error, self.get_logs())
            raise StatusErrorException("the function was not loaded", payload=error.error) from None

    def stop(self) -> None:
        """End the process and take away what it left."""
        self._ended = True
        if self._sandbox is not None:
            self._sandbox.end()
            self._sandbox = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """The answer to one event, by a new process if the last one is gone."""
        request_id = payload["invoke-id"]
        timeout_s = float(self.function_version.config.timeout)
        began = time.monotonic()
        try:
            sandbox = self._living()
            invocation = Invocation(
                request_id,
                payload["payload"].encode(),
                payload["invoked-function-arn"],
                payload.get("trace-id") or "",
                deadline_in(timeout_s),
            )
            answer = sandbox.invoke(invocation, timeout_s)
        except DidNotStart as error:
            answer = Answer(error.error, True, self.get_logs())
        log = self._framed(request_id, answer.log, time.monotonic() - began)
        return InvocationResult(request_id, answer.body, is_error=answer.is_error, logs=log)

    def get_logs(self) -> str:
        try:
            return self._log.read_text(errors="replace")
        except OSError:
            return ""

    def get_address(self) -> str:
        return _LOOPBACK

    def get_endpoint_from_executor(self) -> str:
        return _LOOPBACK

    def get_runtime_endpoint(self) -> str:
        """Nobody asks there: processes have a runtime API each."""
        return f"http://{_LOOPBACK}:{config.GATEWAY_LISTEN[0].port}/_unused"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack the function and its layers."""
        for part in (function_version.config, *(function_version.config.layers or [])):
            if part.code:
                part.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """LocalStack removes what it unpacked."""

    @property
    def _log(self) -> Path:
        assert self._folder is not None  # noqa: S101 - it is made at the start
        return self._folder / "log"

    def _living(self) -> Sandbox:
        if self._sandbox is not None and self._sandbox.lives:
            return self._sandbox
        if self._sandbox is not None:
            self._sandbox.end()
        self._sandbox = self._load()
        return self._sandbox

    def _load(self) -> Sandbox:
        """Raises `DidNotStart`, and `LambdaRuntimeException` for what is no Python in a zip."""
        has = self.function_version.config
        if not has.code or not str(has.runtime).startswith("python"):
            raise LambdaRuntimeException("only Python functions in zips run as processes")
        assert self._folder is not None  # noqa: S101 - it is made at the start
        code = str(has.code.get_unzipped_code_location())
        layers = [f"{one.code.get_unzipped_code_location()}/python" for one in has.layers or []]
        path = [code, *layers, os.environ["PROCESS_EXECUTOR_RUNTIME"]]
        own = self._folder / "tmp"
        own.mkdir(exist_ok=True)
        told = {name: _led_to(code, value) for name, value in self._told.items()}
        # The machine's own interpreter: that of LocalStack's environment would bring its packages.
        python = getattr(sys, "_base_executable", sys.executable)
        sandbox = Sandbox(
            [python, "-S", "-P", str(_STARTER), os.pathsep.join(path)],
            {
                "PATH": os.environ.get("PATH", os.defpath),
                "LANG": "C.UTF-8",
                "HOME": str(own),
                "TMPDIR": str(own),
                # Nothing of what it compiles lands in the function's own folder.
                "PYTHONPYCACHEPREFIX": str(self._folder.parent / "pycache"),
                **told,
                "TZ": "UTC",
                "AWS_EXECUTION_ENV": f"AWS_Lambda_{has.runtime}",
            },
            code=Path(code),
            log=self._log,
            patience_s=float(config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT),
        )
        if self._ended:
            # LocalStack gave up on it meanwhile.
            sandbox.end()
        return sandbox

    def _framed(self, request_id: str, log: str, took_s: float) -> str:
        """As Lambda frames what an invocation printed."""
        if log and not log.endswith("\n"):
            log += "\n"
        has = self.function_version
        return (
            f"START RequestId: {request_id} Version: {has.id.qualifier}\n{log}"
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {took_s * 1000:.2f} ms"
            f"\tMemory Size: {has.config.memory_size} MB\n"
        )


def _led_to(code: str, value: str) -> str:
    if value == _TASK or value.startswith(f"{_TASK}/"):
        return code + value.removeprefix(_TASK)
    return value
