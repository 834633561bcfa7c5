"""`python -m infra.local up | down | key`."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    # Until there is something to end, Ctrl-C ends this at once: loading takes seconds.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from infra.local.commands import main

    main()
