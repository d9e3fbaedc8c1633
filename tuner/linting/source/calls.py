"""What the calls of a source file make of a scheduler, and do with it."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from tuner.linting.source.amounts import EPOCHS, UNKNOWN, Amount
from tuner.linting.source.functions import Functions
from tuner.linting.source.known import STEPPED
from tuner.linting.source.loops import called
from tuner.linting.source.makers import Makers
from tuner.linting.source.values import (
    Asking,
    Class,
    Counter,
    Function,
    Options,
    Rate,
    Scheduler,
    Several,
    Step,
    Taken,
    schedulers_of,
)

_NUMBERS = {"float", "float32", "float64", "asarray", "item"}
# Options of Accelerate with which a scheduler steps once an update, and what they are otherwise.
_BY_HIMSELF = {"split_batches": False, "step_scheduler_with_optimizer": True}
_OF_THE_TRAINING = ("epochs", "max_epochs", "num_epochs", "num_train_epochs")


class Calls(Makers, Functions):
    """Notes what each call does, after what is inside it was read."""

    def _call(self, node: ast.Call) -> None:
        """Note what a call makes, asks, steps or hands over."""
        name = ast.unparse(node.func)
        if self._frame is not None:
            self._frame.call(node)
        asked = self._schedulers(node.func)
        mapped = self._schedulers(node.args[0]) if name == "map" and node.args else []
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        known = self._known(node.func)
        if asked:
            self._ask(node, asked)
        elif mapped:
            for scheduler in mapped:
                unit = self._length_of(node.args[-1]).unit
                scheduler.asked.append(Asking(self._place(node), unit=unit))
        elif name.endswith("set_learning_rate") and node.args:
            self._set_by_hand(node.args[-1])
        elif of is not None and (schedulers := self._schedulers(of)):
            for scheduler in schedulers:
                self._method(node, scheduler, called(node))
        elif isinstance(known, Function):
            if self._of_interest(known, _arguments(node)):
                returned = self._run(known, node)
                if returned is not None:
                    self._made[node] = returned
                return
            self._pass_on(_arguments(node))
        elif isinstance(known, Class) and known.changes is None:
            self._made[node] = self._instance(known, node)
        elif called(node) == "prepare" and of is not None:
            self._prepare(node)
        else:
            self._make_or_hand_over(node, name)

    def _pass_on(self, parts: Sequence[ast.expr]) -> None:
        """Note that these went elsewhere, if they are schedulers."""
        for part in parts:
            for scheduler in self._schedulers(part):
                scheduler.passed = True

    def _ask(self, node: ast.Call, schedulers: list[Scheduler]) -> None:
        argument = node.args[0] if node.args else None
        unit = self._unit_of(argument) if argument else None
        from_0 = argument is not None and self._from_0(argument)
        about = ast.unparse(argument) if argument else ""
        asking = Asking(self._place(node), about, unit, from_0)
        for scheduler in schedulers:
            scheduler.asked.append(asking)
        self._made[node] = Rate(tuple(schedulers), asking)

    def _method(self, node: ast.Call, scheduler: Scheduler, method: str) -> None:
        """Note a call of a scheduler's own method."""
        if method == "step":
            # An argument says where in the schedule it is, in whatever that counts.
            if not (node.args or node.keywords):
                scheduler.steps.append(
                    Step(
                        self._place(node),
                        self._frame,
                        tuple(self._conditions),
                        at_module_level=not self._around,
                    )
                )
        elif method == "to_torch":
            # Stepped on its own, so that one may be plotted and another trained with.
            stepped = Scheduler(scheduler.name, self._place(node), STEPPED, made_of=scheduler)
            stepped.inside = self._where()
            scheduler.stepped.append(stepped)
            self._made[node] = stepped
            self.schedulers.append(stepped)
        elif method.startswith("to_"):
            scheduler.passed = True

    def _prepare(self, node: ast.Call) -> None:
        """Note what Accelerate takes over: schedulers, and loaders that get shorter."""
        parts = [self._known(part) for part in node.args]
        for part in parts:
            for scheduler in schedulers_of(part):
                scheduler.prepared = self._place(node)
        taken = tuple(part if part and schedulers_of(part) else Taken() for part in parts)
        if taken:
            self._made[node] = Several(taken) if len(taken) > 1 else taken[0]
        if any(isinstance(part, ast.Starred) for part in node.args):
            self._made[node] = Taken()

    def _make_or_hand_over(self, node: ast.Call, name: str) -> None:
        made = self._make(node, name)
        if made is not None:
            self._made[node] = made
            self.schedulers.append(made)
            return
        if name.endswith(".step") and not node.args and self._frame is not None:
            self._frame.updated.append(tuple(self._conditions))
        if called(node) == "LearningRateScheduler":  # of Keras, which asks once an epoch
            for scheduler in [
                each for part in _arguments(node) for each in self._schedulers(part)
            ]:
                scheduler.steps.append(Step(self._place(node), every=EPOCHS))
        self._hand_over(node, name)
        self._read_lengths(node)

    def _hand_over(self, node: ast.Call, name: str) -> None:
        options = Options(self._place(node), node=node)
        for keyword in node.keywords:
            self._option(options, keyword.arg, keyword.value)
            if keyword.arg in _BY_HIMSELF and not _is(keyword.value, _BY_HIMSELF[keyword.arg]):
                self.splits = True
        self.options.append(options)
        if name == "dict":
            self._made[node] = options
            return
        if called(node) in _NUMBERS and node.args:
            rate = self._known(node.args[0])
            if isinstance(rate, Rate):
                self._made[node] = rate
        optimizer = self._optimizer(node, name)
        given = [self._known(part) for part in _arguments(node)]
        for each in (options, *given):
            if isinstance(each, Options) and optimizer:
                each.optimizer = optimizer

    def _optimizer(self, node: ast.Call, name: str) -> str:
        """Return the optimizer that a call names: with a word, or by its class."""
        by_name = self._keyword(node, "optimizer")
        parts = node.args if by_name is None else [by_name]
        words = [word for part in parts if isinstance(word := self._known(part), str)]
        last = name.rpartition(".")[2]
        return words[0].lower() if words else last.lower() if last[:1].isupper() else ""

    def _read_lengths(self, node: ast.Call) -> None:
        """Note the epochs of the training that a call names, or an option has by default."""
        first = self._known(node.args[0]) if node.args else None
        default = self._keyword(node, "default")
        if isinstance(first, str) and first.startswith("--") and default is not None:
            name = first.lstrip("-").replace("-", "_")
            self._note_epochs(name, self._amount(default), frozenset())
        if called(node) in ("fit", "Trainer", "TrainingArguments"):
            for word in node.keywords:
                if word.arg in _OF_THE_TRAINING:
                    self._note_epochs(word.arg, self._amount(word.value), self._functions())
        if called(node) == "fit" and self._all_at_once(node):
            self.at_once = True

    def _all_at_once(self, node: ast.Call) -> bool:
        """Tell whether Keras makes one update an epoch."""
        steps = self._keyword(node, "steps_per_epoch")
        if steps is not None:
            return self._amount(steps).value == 1
        size = self._keyword(node, "batch_size")
        return size is not None and (
            (isinstance(size, ast.Call) and called(size) == "len")
            or ast.unparse(size).endswith(".shape[0]")
        )

    def _unit_of(self, argument: ast.expr) -> str | None:
        """Return what a scheduler is asked about: the unit of what a loop counts."""
        known = self._known(argument)
        return known.length.unit if isinstance(known, Counter) else None

    def _length_of(self, over: ast.expr) -> Amount:
        """Return how often a loop over this runs, if it is over a range."""
        if not (isinstance(over, ast.Call) and over.args and called(over) in ("range", "arange")):
            return UNKNOWN
        return self._amount(over.args[min(1, len(over.args) - 1)])


def _is(node: ast.expr, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def passed_on(node: ast.AST) -> Sequence[ast.expr]:
    """Return what goes elsewhere as a value: what is asked alone is not among it."""
    match node:
        case ast.Call(func=ast.Name("map")):
            return node.args[1:]
        case ast.Call():
            return _arguments(node)
        case ast.List() | ast.Tuple() | ast.Set():
            return node.elts
        case ast.Dict():
            return node.values
        case ast.Return() | ast.Yield():
            return [] if node.value is None else [node.value]
    return []
