#!/usr/bin/env python3
"""Official Python MCP client over Streamable HTTP; JSON lines in, JSON lines out.

    py_client.py --url http://127.0.0.1:8009/api/mcp --token T [--mode legacy|auto|2026-07-28]

Connects, lists the tools, then calls what it reads from standard input, one line each:
    {"tool": "exec", "arguments": {...}, "progress": true}
Prints {"event": "connected" | "tools" | "progress" | "result" | "error", ...}. An error of one
call does not end the run. Exit status: 0 done, 1 protocol or transport, 3 refused (401, 403).
"""

import argparse
import asyncio
import json
import logging
import sys
import time
import warnings

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")


def emit(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


def plain(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def leaves(error):
    if isinstance(error, BaseExceptionGroup):
        return [leaf for part in error.exceptions for leaf in leaves(part)]
    return [error]


async def list_tools(client):
    tools, cursor = [], None
    while True:
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if not cursor:
            return tools


async def call(client, line):
    name = line["tool"]

    async def on_progress(progress, total=None, message=None):
        emit("progress", tool=name, progress=progress, total=total, message=message)

    began = time.monotonic()
    try:
        answer = await client.call_tool(
            name,
            line.get("arguments", {}),
            progress_callback=on_progress if line.get("progress") else None,
        )
    except Exception as error:  # the SDK has one exception type per fault
        emit("error", tool=name, message=str(error))
        return
    answer = plain(answer)
    emit(
        "result",
        tool=name,
        is_error=bool(answer.get("isError")),
        structured=answer.get("structuredContent"),
        text=[block.get("text") for block in answer.get("content", [])],
        ms=round((time.monotonic() - began) * 1000),
    )


async def run(options, statuses):
    async def note(response):
        statuses.append(response.status_code)

    headers = {"Authorization": f"Bearer {options.token}"} if options.token else {}
    limits = httpx2.Timeout(options.timeout, read=options.timeout)
    hooks = {"response": [note]}
    async with httpx2.AsyncClient(headers=headers, timeout=limits, event_hooks=hooks) as http:
        transport = streamable_http_client(options.url, http_client=http)
        async with Client(
            transport, mode=options.mode, read_timeout_seconds=options.timeout
        ) as client:
            emit(
                "connected",
                protocol=client.protocol_version,
                server=plain(client.server_info) if client.server_info else None,
                capabilities=plain(client.server_capabilities),
                instructions=client.instructions,
            )
            emit("tools", tools=[plain(tool) for tool in await list_tools(client)])
            while line := await asyncio.to_thread(sys.stdin.readline):
                await call(client, json.loads(line))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--token")
    parser.add_argument("--mode", default="auto")
    parser.add_argument("--timeout", type=float, default=60, help="seconds per request")
    options = parser.parse_args()
    statuses = []
    try:
        asyncio.run(run(options, statuses))
    except BaseException as error:
        causes = leaves(error)
        emit("error", message=" | ".join(f"{type(e).__name__}: {e}" for e in causes))
        refused = any(status in (401, 403) for status in statuses[-3:])
        sys.exit(3 if refused else 1)


main()
