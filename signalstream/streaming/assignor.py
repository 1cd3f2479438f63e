"""Faust's assignor, which with standbys leaves no worker without partitions and says where the standbys are.

Upstream (``faust/assignor``) with ``table_standby_replicas`` gives a worker that joins nothing while the others hold
no more than the rounded-up share (faust-streaming #93, ``core/balance.py``), and tells each worker only of its own
standbys. Here every worker learns of all of them: they travel as further topics of a map that only upstream's router
page reads. Without standbys nothing is different.
"""

from __future__ import annotations

from typing import Any

from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from faust.assignor.partition_assignor import PartitionAssignor
from faust.types import TP

from signalstream.core.balance import trimmed

STANDBYS_OF = "standbys of "  # no topic's name has a space


class MendedAssignor(PartitionAssignor):  # type: ignore[misc]  # a base class of it, aiokafka's, has no types
    """Faust's partition assignor for apps with standbys."""

    def standby_urls(self, tp: TP) -> tuple[str, ...]:
        """Return the URLs of the workers that hold a standby copy of a changelog partition."""
        held = self.external_topic_distribution.items()
        return tuple(url for url, topics in held if tp.partition in topics.get(STANDBYS_OF + tp.topic, ()))

    def _get_external_topic_distribution(self, assignments: Any) -> Any:
        found = super()._get_external_topic_distribution(assignments)
        if self.replicas:
            changelogs = self._table_manager.changelog_topics
            for client, assignment in assignments.items():
                standbys = self._topics_filtered(assignment.standbys, changelogs)
                found[self._member_urls[client]] |= {STANDBYS_OF + topic: held for topic, held in standbys.items()}
        return found

    def _perform_assignment(self, cluster: Any, member_metadata: Any) -> Any:
        members = self._balanced(member_metadata) if self.replicas else member_metadata
        return super()._perform_assignment(cluster, members)

    def _balanced(self, members: Any) -> Any:
        known = {member: self._get_client_metadata(metadata) for member, metadata in members.items()}
        topics = {topic for client in known.values() for topic in client.assignment.actives}
        for topic in topics:
            held = {member: set(client.assignment.actives.get(topic, ())) for member, client in known.items()}
            kept = trimmed(held, self.app.conf.topic_partitions)
            for member, client in known.items():
                client.assignment.actives[topic] = sorted(kept[member])
        return {
            member: ConsumerProtocolMemberMetadata(metadata.version, metadata.subscription, known[member].dumps())
            for member, metadata in members.items()
        }
