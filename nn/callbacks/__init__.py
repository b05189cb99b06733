"""What happens between epochs and batches, under Keras's names. Imports its parts and ``nn.history``."""

from nn.callbacks.base import EVENTS as EVENTS
from nn.callbacks.base import Callback, LambdaCallback
from nn.callbacks.base import Callbacks as Callbacks
from nn.callbacks.files import BackupAndRestore, ModelCheckpoint
from nn.callbacks.logs import CSVLogger, TensorBoard
from nn.callbacks.rates import LearningRateScheduler, ReduceLROnPlateau
from nn.callbacks.stopping import EarlyStopping, SwapEMAWeights, TerminateOnNaN
from nn.history import History

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
