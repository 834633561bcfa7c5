"""Whether bytes begin as JSON does.

Other texts open brackets, too: tables of TOML, links of wikis, lists of things to do, logs. So it
is looked at what follows the first value, if the head is long enough to tell.
"""

from __future__ import annotations

import re

# Each piece ends where the head may be cut; what was matched once is never tried otherwise, so
# that it takes as long as the head is.
_STRING = rb'"(?:[^"\\]++|\\.)*+'
_CUT = rb"\\?$"
_CLOSED = rb"\](?:[\[{]|\s*(?:[\],]|$)|[ \t\r]*\n\s*[\[{])"
_OBJECT = (
    rb"\{\s*(?:" + _STRING + rb'(?:"\s*(?::|$)|' + _CUT + rb")"
    rb"|\}\s*(?:[\[{\],]|$)|$)"
)  # fmt: skip
_SCALAR = (
    rb"(?:" + _STRING + rb'(?:"|' + _CUT + rb")"
    rb"|-?[0-9][0-9.eE+-]*+|true|false|null)\s*(?:,|" + _CLOSED + rb"|$)"
)  # fmt: skip
_ARRAY = rb"(?:\[\s*+)++(?:" + _OBJECT + rb"|" + _SCALAR + rb"|" + _CLOSED + rb"|$)"
_START = re.compile(rb"\s*+(?:" + _OBJECT + rb"|" + _ARRAY + rb")", re.DOTALL)


def begins_as_json(text: bytes) -> bool:
    """Whether an object or an array begins here. What is cut short is given the benefit of it."""
    return _START.match(text) is not None
