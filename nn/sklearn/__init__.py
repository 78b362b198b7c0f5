"""MLPRegressor and MLPClassifier: networks of Values as scikit-learn estimators.

    from nn.sklearn import MLPClassifier

They go wherever scikit-learn's estimators go: pipelines, grid searches, cross-validation.  Parameters and
attributes have the names, defaults and meaning of scikit-learn's own networks, and a `random_state` draws the same
numbers, so one can be exchanged for the other; the trained network is `model_`, of which every picture,
derivation and debugging session is to be had.  `register_converters` tells skl2onnx of them.
The package scikit-learn is an extra.
"""

from autograd.errors import MissingExtra

try:
    from sklearn.utils.validation import validate_data  # noqa: F401  it is there from 1.6 on
except ImportError as error:
    raise MissingExtra(
        "these estimators need scikit-learn 1.6 or newer, the extra `sklearn`: pip install 'glassgrad[sklearn]'"
    ) from error

from nn.sklearn.converters import register_converters
from nn.sklearn.estimators import MLPClassifier, MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "register_converters"]
