"""Schedules: pure functions from the update number to the learning rate.

Standard library only. A new family is one file here, one line in ``registry.py``, and rows of
expected values in the tests. Several quantities as one, momentum beside the learning rate, are in
``quantities.py``.
"""

from tuner.schedules.base import Schedule, sealed
from tuner.schedules.constant import Constant
from tuner.schedules.cosine import Cosine
from tuner.schedules.cosine_power import CosinePower
from tuner.schedules.cosine_restarts import CosineRestarts
from tuner.schedules.cyclic import Cyclic
from tuner.schedules.document import ONE, SEVERAL, Format, ScheduleFile, curves_of
from tuner.schedules.exponential import Exponential
from tuner.schedules.factor import Factor
from tuner.schedules.fields import is_whole, plain
from tuner.schedules.file import (
    load_schedule,
    read_schedule_file,
    save_schedule,
    schedule_content,
    write_text,
)
from tuner.schedules.inverse import Inverse
from tuner.schedules.inverse_time import InverseTime
from tuner.schedules.likes import LIKES, like
from tuner.schedules.linear import Linear
from tuner.schedules.live import LiveSchedule, as_of
from tuner.schedules.multi_factor import MultiFactor
from tuner.schedules.noticing import noticing
from tuner.schedules.one_cycle import OneCycle
from tuner.schedules.picture import grid, in_words, svg
from tuner.schedules.piecewise import Piecewise
from tuner.schedules.plateau import Plateau, drops_in_words
from tuner.schedules.poly import Poly
from tuner.schedules.quantities import GROUPS, QUANTITIES, Schedules
from tuner.schedules.registered import Registered
from tuner.schedules.registry import (
    FAMILIES,
    RULES,
    rule_from_dict,
    rule_to_dict,
    schedule_from_dict,
    schedule_to_dict,
)
from tuner.schedules.square_root import SquareRoot
from tuner.schedules.tanh import Tanh
from tuner.schedules.writing import remove_abandoned, write_whole
from tuner.schedules.wsd import WSD
from tuner.schedules.wsd_s import WSDS

__all__ = [
    "FAMILIES",
    "GROUPS",
    "LIKES",
    "ONE",
    "QUANTITIES",
    "RULES",
    "SEVERAL",
    "WSD",
    "WSDS",
    "Constant",
    "Cosine",
    "CosinePower",
    "CosineRestarts",
    "Cyclic",
    "Exponential",
    "Factor",
    "Format",
    "Inverse",
    "InverseTime",
    "Linear",
    "LiveSchedule",
    "MultiFactor",
    "OneCycle",
    "Piecewise",
    "Plateau",
    "Poly",
    "Registered",
    "Schedule",
    "ScheduleFile",
    "Schedules",
    "SquareRoot",
    "Tanh",
    "as_of",
    "curves_of",
    "drops_in_words",
    "grid",
    "in_words",
    "is_whole",
    "like",
    "load_schedule",
    "noticing",
    "plain",
    "read_schedule_file",
    "remove_abandoned",
    "rule_from_dict",
    "rule_to_dict",
    "save_schedule",
    "schedule_content",
    "schedule_from_dict",
    "schedule_to_dict",
    "sealed",
    "svg",
    "write_text",
    "write_whole",
]
