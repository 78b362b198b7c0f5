"""The operators and methods of `Value`, hung here by `recorder`, one for each row that has one.

The stub beside this file, written from the table, tells type checkers and editors their names.
"""


class Methods:
    """Empty until `recorder` has read the table."""

    __slots__ = ()
