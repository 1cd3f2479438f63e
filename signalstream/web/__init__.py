"""The HTTP and WebSocket side: routes, views, problems, live view, OpenAPI and pages, on aiohttp."""
