"""The topic of policies, as a command changes a row of it: of two commands at once both decisions hold afterwards.

There is no writing under a condition in Kafka. But all see one order: who finds another's row between the one that was
read and its own one has overwritten it, and writes once more, on top of that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from signalstream.cli.compacted import append_rows, read_rows
from signalstream.errors import ConfigurationError
from signalstream.models.policy import TenantPolicy
from signalstream.policies import PolicyRows, deployment_policy, row_of
from signalstream.settings import Settings
from signalstream.topics import POLICIES

MOST_WRITES = 5
Log = list[bytes | None]


class PolicyTopic:
    """The topic ``security.policies`` of a deployment."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def read(self, tenant: str = "") -> tuple[PolicyRows, Log]:
        """Return the rows, and what has been written to the row of a tenant, in order.

        Raises BrokerUnavailableError, ConfigurationError.
        """
        rows, log = self.empty(), Log()

        def apply(key: bytes, value: bytes | None) -> None:
            rows.apply(key, value)
            if key == tenant.encode():
                log.append(value)

        await read_rows(self.settings, POLICIES, apply)
        return rows, log

    async def append(self, row: tuple[bytes, bytes | None]) -> None:
        """Write a row. Raises BrokerUnavailableError, ConfigurationError."""
        await append_rows(self.settings, POLICIES, [row])

    def empty(self) -> PolicyRows:
        """Return rows of nobody over the deployment's decisions."""
        return PolicyRows(deployment_policy(self.settings))


async def write(
    topic: PolicyTopic, policy: TenantPolicy, known: bytes | None, again: Callable[[PolicyRows], TenantPolicy]
) -> bool:
    """Write a policy that was made of the row ``known``. ``again`` makes it of other rows.

    Returns whether another command's decision had to be joined with it. Raises ConfigurationError when so many write at
    once that they cannot be told apart.
    """
    joined, tenant = False, policy.tenant_id
    for _ in range(MOST_WRITES):
        key, value = row_of(policy)
        await topic.append((key, value))
        _, log = await topic.read(tenant)
        before = row_before(log, value)
        if before == known:
            return joined
        if log[-1] != value:
            break
        others = topic.empty()
        others.apply(key, before)
        policy, known, joined = again(others), value, True
    raise ConfigurationError(
        f"the policy of {tenant} was changed by several commands at the same moment, and some of what they decided may "
        f"be lost; look (`signalstream policies show --tenant {tenant}`) and decide it again, one after another"
    )


def row_before(log: Sequence[bytes | None], value: bytes | None) -> bytes | None:
    """Return what stood in a row before ``value`` was written to it last; ``log`` is all that ever did, in order."""
    last = max((place for place, each in enumerate(log) if each == value), default=0)
    return log[last - 1] if last > 0 else None
