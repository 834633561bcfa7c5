"""The command line. It speaks the public API alone."""
