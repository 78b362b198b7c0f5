"""What is added to NumPy's own errors, where it was asked about an array of its own kind that holds Values."""

from __future__ import annotations

from autograd.home import HOME

_OWN_ARRAYS = (
    "an array that np.array makes of Values is NumPy's own: it asks each element for a method, which floats do not "
    f"have, and knows some functions for no objects at all. Make it {HOME}.ValueArray([...]), or call {HOME}'s "
    "function"
)
_NOTES = {
    "which has no callable": _OWN_ARRAYS,
    "not supported for the input types": _OWN_ARRAYS,
    "Cannot cast ufunc": (
        f"NumPy's linear algebra is of floats: take {HOME}.linalg's function, or make it a {HOME}.ValueArray"
    ),
    "arrays used as indices must be of integer": (
        "a condition that is not known yet cannot pick elements: write np.where(condition, a, b)"
    ),
    "'float' object has no attribute": _OWN_ARRAYS,
}  # by what NumPy says


def annotate(error: BaseException) -> None:
    """Add a note to an error of NumPy's that does not say what to do; others are left as they are."""
    text = str(error)
    for said, note in _NOTES.items():
        if said in text:
            error.add_note(note)
            return
