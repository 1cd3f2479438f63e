"""The one registry of faults."""

from __future__ import annotations

from tests.chaos.crashes import CRASHES
from tests.chaos.disks import DISKS
from tests.chaos.membership import MEMBERSHIP
from tests.chaos.outside import OUTSIDE
from tests.chaos.scene import Faults

FAULTS: Faults = {**CRASHES, **MEMBERSHIP, **OUTSIDE, **DISKS}
