"""The knobs of limits: what a tenant may do in a minute, and strangers. ``SecuritySettings`` has them; 0 is no limit.

Those with the name of a field of a tenant's policy (models/policy.py) hold for tenants that have none of their own.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from signalstream.kafka_settings import KafkaSettings


class LimitSettings(KafkaSettings):
    """What is said about how much is let in; all of it holds only where credentials are checked."""

    requests_per_minute: int = Field(
        default=12_000, ge=0, description="Requests a minute of each tenant, over all workers; 0: no limit."
    )
    requests_burst: int = Field(default=2_000, ge=1, description="Requests of a tenant at once, after a rest.")
    messages_per_minute: int = Field(
        default=6_000, ge=0, description="Messages a minute of each tenant, over all workers; 0: no limit."
    )
    messages_burst: int = Field(default=1_000, ge=1, description="Messages of a tenant at once, after a rest.")
    websockets: int = Field(
        default=2_000, ge=0, description="WebSockets of each tenant at once, over all workers; 0: no limit."
    )
    refused_credentials_per_minute: int = Field(
        default=300,
        ge=0,
        description="Missing or wrong credentials a minute from each remote address, at each worker; 0: no limit.",
    )
    unauthenticated_websockets: int = Field(
        default=1_000, ge=1, description="WebSockets of each worker that have yet to authenticate, at once."
    )
    unauthenticated_websockets_per_address: int = Field(
        default=100, ge=1, description="The same from each remote address."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Proxies whose X-Forwarded-For says the remote address: addresses or networks, as 10.0.0.0/8.",
    )

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_proxies(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _each_a_network(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network)
            except ValueError as error:
                raise ValueError(f"{network!r} is no address or network, as 10.0.0.0/8 ({error})") from error
        return value
