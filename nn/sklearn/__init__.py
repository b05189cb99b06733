"""Networks as scikit-learn estimators: ``NeuralClassifier`` and ``NeuralRegressor``. Imports scikit-learn and ``nn``.

``nn.sklearn`` is loaded when it is first asked for; ``import nn`` does not load scikit-learn.
"""

try:
    import sklearn as sklearn
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "nn.sklearn: expected scikit-learn, whose estimators these are; it is not installed. "
        "Install it with: pip install 'xpgrad[sklearn]'.",
        name=missing.name,
    ) from None

from nn.sklearn.estimators import NeuralClassifier, NeuralRegressor

__all__ = ["NeuralClassifier", "NeuralRegressor"]
