"""A walk through everything there is, against a running stack: `python -m clients.demo`."""
