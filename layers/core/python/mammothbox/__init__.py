"""MammothBox's library: everything the functions share."""
