#!/usr/bin/env node
// Official TypeScript MCP client over Streamable HTTP; JSON lines in, JSON lines out.
//
//   ts_client.mjs --sdk v1|v2 --url http://127.0.0.1:8009/api/mcp --token T [--mode legacy|auto|2026-07-28]
//
// v1 is @modelcontextprotocol/sdk (handshake, up to 2025-11-25), v2 is @modelcontextprotocol/client.
// Connects, lists the tools, then calls what it reads from standard input, one line each:
//   {"tool": "exec", "arguments": {...}, "progress": true}
// Prints {"event": "connected" | "tools" | "progress" | "result" | "error", ...}. An error of one
// call does not end the run. Exit status: 0 done, 1 protocol or transport, 3 refused (401, 403).
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    sdk: { type: 'string', default: 'v2' },
    url: { type: 'string' },
    token: { type: 'string' },
    mode: { type: 'string', default: 'auto' },
    timeout: { type: 'string', default: '60' },
  },
});
const emit = (event, facts = {}) => console.log(JSON.stringify({ event, ...facts }));
const isNew = options.sdk === 'v2';
const sdk = isNew
  ? await import('@modelcontextprotocol/client')
  : {
      ...(await import('@modelcontextprotocol/sdk/client/index.js')),
      ...(await import('@modelcontextprotocol/sdk/client/streamableHttp.js')),
    };

const statuses = [];
const transport = new sdk.StreamableHTTPClientTransport(new URL(options.url), {
  requestInit: { headers: options.token ? { Authorization: `Bearer ${options.token}` } : {} },
  fetch: async (url, init) => {
    const response = await fetch(url, init);
    statuses.push(response.status);
    return response;
  },
});
const mode = ['auto', 'legacy'].includes(options.mode) ? options.mode : { pin: options.mode };
const client = new sdk.Client(
  { name: `drawgate-ts-${options.sdk}`, version: '1' },
  isNew ? { versionNegotiation: { mode } } : {},
);

async function listTools() {
  const tools = [];
  let cursor;
  do {
    const page = await client.listTools(cursor ? { cursor } : {});
    tools.push(...page.tools);
    cursor = page.nextCursor;
  } while (cursor);
  return tools;
}

async function call({ tool, arguments: args = {}, progress = false }) {
  const began = Date.now();
  const limits = { timeout: Number(options.timeout) * 1000, resetTimeoutOnProgress: true };
  if (progress) limits.onprogress = (state) => emit('progress', { tool, ...state });
  const request = { name: tool, arguments: args };
  try {
    const answer = isNew
      ? await client.callTool(request, limits)
      : await client.callTool(request, undefined, limits);
    emit('result', {
      tool,
      is_error: Boolean(answer.isError),
      structured: answer.structuredContent ?? null,
      text: answer.content.map((block) => block.text),
      ms: Date.now() - began,
    });
  } catch (error) {
    emit('error', { tool, code: error.code, message: error.message });
  }
}

try {
  await client.connect(transport);
  emit('connected', {
    protocol: client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion,
    server: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
    session: transport.sessionId ?? null,
  });
  emit('tools', { tools: await listTools() });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim()) await call(JSON.parse(line));
  }
  await client.close();
} catch (error) {
  emit('error', { code: error.code, message: String(error.message ?? error) });
  const refused = statuses.slice(-3).some((status) => status === 401 || status === 403);
  process.exit(refused ? 3 : 1);
}
process.exit(0);
