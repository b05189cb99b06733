"""What schedules share: the groups they change, the step they are at. Imports nothing of ``nn``."""

from __future__ import annotations

from typing import Any


class Schedule:
    """The base of schedules; a subclass gives ``rate(base, t)``.

    >>> import nn
    >>> class Halve(nn.schedule.Schedule):
    ...     def rate(self, base, t):
    ...         return base * 0.5**t
    >>> optimizer = nn.optim.SGD([nn.parameter(1.0)], lr=1.0)
    >>> schedule = Halve(optimizer)
    >>> schedule.step()
    >>> optimizer.lr
    0.5
    """

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = of_optimizer(type(self).__name__, optimizer)
        self.bases = [group.setdefault("initial_lr", group["lr"]) for group in optimizer.groups]
        self.t = 0
        self.apply()

    def rate(self, base: float, t: int) -> float:
        """The learning rate at step ``t`` of a group that started with ``base``."""
        raise NotImplementedError(f"{type(self).__name__}: expected a method rate(self, base, t). Add one.")

    def apply(self) -> None:
        """Put the rates of step ``t`` in force."""
        for group, base in zip(self.optimizer.groups, self.bases, strict=True):
            group["lr"] = self.rate(base, self.t)

    def step(self) -> None:
        """Go to the next step."""
        self.t += 1
        self.apply()

    def get_last_lr(self) -> list[float]:
        """The rate in force of each group."""
        return [group["lr"] for group in self.optimizer.groups]

    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on from here."""
        return {"t": self.t, "bases": list(self.bases)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state that ``state_dict`` gave."""
        if not {"t", "bases"} <= set(state):
            raise ValueError(
                f"load_state_dict: expected what {type(self).__name__}.state_dict() gives (t, bases); "
                f"got {', '.join(map(str, state)) or 'an empty dict'}. Pass a schedule's state."
            )
        self.t, self.bases = int(state["t"]), list(state["bases"])
        self.apply()


def of_optimizer(owner: str, optimizer: Any) -> Any:
    """``optimizer``, where it is one.

    Raises:
        TypeError: it has no groups whose rate could be changed.
    """
    if not hasattr(optimizer, "groups"):
        raise TypeError(
            f"{owner}: expected an optimiser of nn.optim, whose rate it changes; got {type(optimizer).__name__}. "
            "Pass nn.optim.SGD(model.parameters(), lr=0.1), or model.optimizer of a compiled model."
        )
    return optimizer
