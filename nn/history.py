"""What a training went through: the values of each epoch, and their plot. Imports nothing of ``nn``."""

from __future__ import annotations

from typing import Any


class History:
    """What ``fit`` returns: ``history[name]`` lists a value per epoch, ``epoch`` the epochs' numbers.

    >>> history = History()
    >>> history.append(0, {"loss": 0.5})
    >>> history.history, history.epoch
    ({'loss': [0.5]}, [0])
    """

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []
        # An epoch may lack a value: validation_freq leaves some out.
        self._epochs: dict[str, list[int]] = {}
        self.params: dict[str, Any] = {}

    def append(self, epoch: int, logs: dict[str, Any]) -> None:
        """The values of one more epoch."""
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
            self._epochs.setdefault(name, []).append(epoch)

    def plot(self, names: Any = None, ax: Any = None) -> Any:
        """Curves over the epochs, training and validation in one colour; one panel per kind of value.

        Args:
            names: which values; all by default.
            ax: a matplotlib axes for all curves, instead of a new figure.

        Returns:
            The figure.

        Raises:
            ImportError: matplotlib is missing.
            ValueError: there is nothing to show, or a name is unknown.
        """
        try:
            from matplotlib import pyplot
        except ImportError:
            raise ImportError(
                "History.plot: expected matplotlib, which draws the curves; it is not installed. "
                "Install it (pip install matplotlib), or read .history."
            ) from None
        names = [names] if isinstance(names, str) else list(self.history if names is None else names)
        unknown = [name for name in names if name not in self.history]
        if unknown or not names:
            raise ValueError(
                f"History.plot: expected names among {', '.join(self.history) or 'none: no epoch has ended'}; "
                f"got {', '.join(unknown) or 'none'}. Train first, or correct the name."
            )
        kinds = list(dict.fromkeys([name.removeprefix("val_") for name in names]))
        if ax is None:
            figure, panels = pyplot.subplots(
                1, len(kinds), figsize=(5 * len(kinds), 3.5), squeeze=False, layout="constrained"
            )
            axes = list(panels[0])
        else:
            figure, axes = ax.figure, [ax] * len(kinds)
        for i, (kind, panel) in enumerate(zip(kinds, axes, strict=True)):
            for name in names:
                if name.removeprefix("val_") == kind:
                    style = "--" if name.startswith("val_") else "-"
                    panel.plot(
                        [e + 1 for e in self._epochs[name]], self.history[name], style, color=f"C{i}", label=name
                    )
            panel.set_xlabel("epoch")
            if ax is None:
                panel.set_ylabel(kind.replace("_", " "))
                panel.xaxis.get_major_locator().set_params(integer=True)  # there is no epoch 2.5
            panel.legend()
        return figure

    def get_state(self) -> dict[str, Any]:
        """For checkpoints."""
        return {
            "history": {k: list(v) for k, v in self.history.items()},
            "epoch": list(self.epoch),
            "epochs": self._epochs,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a state that ``get_state`` gave."""
        self.history = {name: list(values) for name, values in state["history"].items()}
        self.epoch = list(state["epoch"])
        self._epochs = {name: list(numbers) for name, numbers in state["epochs"].items()}

    def __repr__(self) -> str:
        return f"History({len(self.epoch)} epochs of {', '.join(self.history) or 'nothing'})"
