"""The knobs of a remote analyst: which model, where it is, how much of it may be used. ``Settings`` has them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class RemoteSettings(BaseSettings):
    """What is said about remote models: Gemini, a server that speaks OpenAI's protocol, and the use of either."""

    gemini_api_key: SecretStr | None = Field(
        default=None, validation_alias="GEMINI_API_KEY", description="Key of Google Gemini."
    )
    gemini_model: str = Field(
        default="gemini-3.5-flash-lite",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$",
        description="Model of Google Gemini that is asked.",
    )
    gemini_endpoint: str = Field(
        default="generativelanguage.googleapis.com:443",
        pattern=r"^[A-Za-z0-9.-]+(:\d{1,5})?$",
        description="Where Gemini answers over gRPC with TLS, host:port: Google's, a proxy's or a private endpoint.",
    )
    gemini_ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that signed a proxy's or private endpoint's certificate."
    )

    openai_base_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/]",
        description="Server that speaks OpenAI's protocol (vLLM, Ollama, llama.cpp), as in http://127.0.0.1:8080/v1.",
    )
    openai_model: str | None = Field(default=None, description="Model of that server, by the name that it knows.")
    openai_api_key: SecretStr | None = Field(default=None, description="Key of that server, when it wants one.")
    openai_json: Literal["json_schema", "json_object", "prompt"] = Field(
        default="json_schema", description="How that server is held to JSON: the strictest way that it knows."
    )

    remote_requests_per_minute: int = Field(
        default=1_000,
        ge=1,
        le=1_000_000,
        description="Quota of the remote model, of all workers, in requests a minute.",
    )
    remote_in_flight: int = Field(default=80, ge=1, le=80, description="Calls of the remote model at once in a worker.")
    remote_attempt_seconds: float = Field(
        default=10.0, ge=0.1, le=300, description="Longest wait for one answer of the remote model, in seconds."
    )
    remote_price_per_million_prompt_tokens: float = Field(
        default=0.30, ge=0, description="Price of a million tokens that are sent, in money."
    )
    remote_price_per_million_output_tokens: float = Field(
        default=2.50, ge=0, description="Price of a million tokens that are answered, in money."
    )
    remote_spend_per_tenant_and_day: float | None = Field(
        default=None, gt=0, description="Money after which a tenant's day goes on with the local analyst; none: no end."
    )

    remote_deadline_seconds: float = Field(
        default=12.0,
        ge=0.1,
        le=300,
        description="Longest wait for the remote model in all; then the local analyst answers, in seconds.",
    )
    remote_outage_deadline_seconds: float = Field(
        default=4.0,
        ge=0.1,
        le=300,
        description="The same while the remote model answers nothing at all, in seconds.",
    )
    remote_gathered_turns: int = Field(
        default=20, ge=1, le=100, description="Turns of a tenant that share a question while they wait for the quota."
    )
    remote_gathered_characters: int = Field(
        default=24_000, ge=1_000, le=500_000, description="Characters of text that share a question."
    )
    remote_analyses_in_flight: int = Field(
        default=512, ge=1, le=4096, description="Analyses at once, for each AI agent, with a remote model."
    )
