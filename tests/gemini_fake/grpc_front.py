"""Gemini over gRPC: ``GenerateContent``, plain or with TLS, errors with the details that the real service sends."""

from __future__ import annotations

import warnings
from typing import Any, NoReturn

import grpc

with warnings.catch_warnings():
    # Importing it tells of its and this Python's end of support, which is an error in tests.
    warnings.simplefilter("ignore", FutureWarning)
    from google.ai import generativelanguage_v1beta as protos
    from google.protobuf import any_pb2, duration_pb2
    from google.protobuf.json_format import MessageToDict
    from google.rpc import error_details_pb2, status_pb2

from tests.gemini_fake.certificates import Certificates
from tests.gemini_fake.exchange import Answered, Asked, TurnedAwayError
from tests.gemini_fake.faults import ERRORS
from tests.gemini_fake.model import FakeModel

SERVICE = "google.ai.generativelanguage.v1beta.GenerativeService"
Request = type(protos.GenerateContentRequest.pb(protos.GenerateContentRequest()))
Response = type(protos.GenerateContentResponse.pb(protos.GenerateContentResponse()))
_CODES = {code.value[0]: code for code in grpc.StatusCode}


def asked_by(request: Any) -> Asked:
    """Return what a request asks."""
    config = request.generation_config
    return Asked(
        model=request.model,
        instructions="".join(part.text for part in request.system_instruction.parts),
        data="\n".join(part.text for content in request.contents for part in content.parts),
        schema=MessageToDict(config.response_schema) if config.HasField("response_schema") else None,
        json_mode=config.response_mime_type == "application/json",
        most_tokens=config.max_output_tokens or None,
    )


def response_of(answered: Answered, model: str) -> Any:
    """Return an answer as the service sends it."""
    response = Response(model_version=model.removeprefix("models/"))
    if answered.block_reason:
        response.prompt_feedback.block_reason = answered.block_reason
    else:
        candidate = response.candidates.add(finish_reason=answered.finish)
        if answered.text is not None:
            candidate.content.role = "model"
            candidate.content.parts.add(text=answered.text)
    response.usage_metadata.prompt_token_count = answered.prompt_tokens
    response.usage_metadata.candidates_token_count = answered.output_tokens
    response.usage_metadata.total_token_count = answered.total_tokens
    return response


def details_of(error: TurnedAwayError) -> bytes:
    """Return the error's status with QuotaFailure and RetryInfo, serialised; nothing for an error without details."""
    problem = ERRORS[error.fault]
    status = status_pb2.Status(code=problem.code, message=problem.message)
    details: list[Any] = []
    if error.fault == "rate_limit":
        violation = error_details_pb2.QuotaFailure.Violation(subject="project", description=problem.message)
        details.append(error_details_pb2.QuotaFailure(violations=[violation]))
    if error.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(int(error.retry_after * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    if error.fault == "invalid_key":
        details.append(error_details_pb2.ErrorInfo(reason="API_KEY_INVALID", domain="googleapis.com"))
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return bytes(status.SerializeToString()) if details else b""


class GrpcFront:
    """The service on loopback. ``headers`` are the metadata of the newest call."""

    def __init__(self, model: FakeModel, host: str, streams: int) -> None:
        self._model = model
        self._host = host
        self._server = grpc.aio.server(options=[("grpc.max_concurrent_streams", streams), ("grpc.so_reuseport", 0)])
        self.port = self.tls_port = 0
        self.headers: dict[str, str] = {}
        self.request: Any = None

    async def start(self, port: int, tls: Certificates | None, tls_port: int) -> None:
        """Listen; a port of 0 takes a free one."""
        method = grpc.unary_unary_rpc_method_handler(self._generate, Request.FromString, Response.SerializeToString)
        handler = grpc.method_handlers_generic_handler(SERVICE, {"GenerateContent": method})
        self._server.add_generic_rpc_handlers((handler,))
        self.port = self._server.add_insecure_port(f"{self._host}:{port}")
        if tls is not None:
            credentials = grpc.ssl_server_credentials(((tls.key, tls.certificate),))
            self.tls_port = self._server.add_secure_port(f"{self._host}:{tls_port}", credentials)
        await self._server.start()

    async def stop(self) -> None:
        """Stop listening and break off what is in flight."""
        await self._server.stop(None)

    async def _generate(self, request: Any, context: Any) -> Any:
        self.request = request
        self.headers = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        try:
            return response_of(await self._model.answer(asked_by(request)), request.model)
        except TurnedAwayError as error:
            await turn_away(context, error)


async def turn_away(context: Any, error: TurnedAwayError) -> NoReturn:
    """End the call with the error's status."""
    if error.fault not in ERRORS:
        await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
    problem, details = ERRORS[error.fault], details_of(error)
    trailing = (("grpc-status-details-bin", details),) if details else ()
    await context.abort(_CODES[problem.code], problem.message, trailing_metadata=trailing)
    raise AssertionError("an aborted call went on")
