"""The errors this project raises, all under one root.

    AutogradError
    ├── OperandError      (TypeError)     not a number that can enter a graph: "3", None, 1j, an array
    ├── ArgumentError     (ValueError)    a choice, a shape or a count that does not fit
    ├── NonFiniteError    (ValueError)    nan or inf where the work would be lost
    ├── FileFormatError   (ValueError)    a file that is damaged, cut off, too new or something else
    ├── GraphError        (RuntimeError)  the graph cannot do what was asked of it
    ├── LoopError         (RuntimeError)  a loop or a search that does not end
    ├── MatrixError       (LinAlgError)   a matrix that has no inverse, no factor, or not full rank
    └── MissingExtra      (ImportError)   a library that only some things need is not installed

Each also inherits the built-in error that a caller would expect, so ``except TypeError`` keeps
working.  A message says what was given, what is expected, and what to do.
"""

from numpy.linalg import LinAlgError

from autograd.text import message


class AutogradError(Exception):
    """The root: ``except AutogradError`` catches whatever this project raises on purpose.

    Made of a message, and of lines to stand below it if there are any.  Names and files' contents come along in
    these, so each is kept to one line in which nothing acts (see `autograd.text`).
    """

    def __init__(self, *lines: object) -> None:
        super().__init__(*(message(line) if isinstance(line, str) else line for line in lines))

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class OperandError(AutogradError, TypeError):
    """Something that is not a real number was handed to arithmetic on Values."""


class ArgumentError(AutogradError, ValueError):
    """An argument has the right type but does not fit: a name, a shape, a length, a range."""


class NonFiniteError(AutogradError, ValueError):
    """nan or infinity was found where going on would destroy the user's work."""


class FileFormatError(AutogradError, ValueError):
    """A file is not what it should be: damaged, cut off, of a later version, or of another kind."""


class GraphError(AutogradError, RuntimeError):
    """The computation graph cannot do what was asked: detached, changed since it was recorded."""


class MissingExtra(AutogradError, ImportError):
    """What was asked needs a library that is not installed; the message says how to get it."""


class LoopError(AutogradError, RuntimeError):
    """A loop that did not end where it should have."""


class MatrixError(AutogradError, LinAlgError):
    """A matrix does not allow what was asked: singular, not positive definite, not of full rank."""


class KinkWarning(UserWarning):
    """A derivative leaves out what a kink or a jump adds to it: it is 0 beside it, and infinite at it.

    Said once, of a second derivative through a kink, such as relu's, or a first one through a jump, such as floor's:
    taken right there, or of a sum or a mean over samples that lie on both sides.
    """
