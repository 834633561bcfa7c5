"""How LocalStack finds the executor: `LAMBDA_RUNTIME_EXECUTOR=process`."""

from __future__ import annotations

from typing import Any

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Loaded by LocalStack when it starts its first function."""

    name = "process"

    def load(self, *args: Any, **kwargs: Any) -> Any:
        # LocalStack looks at every plugin at each start; what this one needs it loads when asked.
        from infra.localstack.executor.process_executor import (  # noqa: PLC0415
            ProcessExecutor,
        )

        return ProcessExecutor
