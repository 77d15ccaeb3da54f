#!/usr/bin/env node
// Runs the scenarios of the official conformance suite that apply to a server without the suite's
// own test tools, prompts and resources.
//
//   conformance.mjs --url http://127.0.0.1:8009/api/mcp --token T [--version 2025-11-25]... [--only NAME]
//
// One line per scenario, then one per failed check. Exit status 1 on any failure that is not excused.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MODERN = '2026-07-28';
const LEGACY = ['2025-06-18', '2025-11-25'];
const RECENT = ['2025-11-25', MODERN];
const ALL = [...LEGACY, MODERN];

// Scenario: the versions it is for, and checks that need something this server does not have.
const SCENARIOS = {
  'server-initialize': { versions: LEGACY },
  'server-session-lifecycle': { versions: LEGACY },
  ping: { versions: LEGACY },
  'tools-list': { versions: ALL },
  'server-sse-multiple-streams': { versions: RECENT },
  'dns-rebinding-protection': { versions: RECENT },
  'server-stateless': {
    versions: [MODERN],
    excused: [
      // These four call test tools of the suite.
      'sep-2575-server-rejects-undeclared-capability',
      'sep-2575-missing-capability-http-400',
      'sep-2575-http-server-no-independent-requests-on-stream',
      'sep-2575-server-no-log-without-loglevel',
    ],
  },
  'http-header-validation': { versions: [MODERN] },
  'input-required-result-unsupported-methods': { versions: [MODERN] },
  'input-required-result-validate-input': { versions: [MODERN] },
  caching: {
    versions: [MODERN],
    excused: [
      // No prompts and no resources.
      'sep-2549-prompts-list-caching-hints',
      'sep-2549-resources-list-caching-hints',
      'sep-2549-resources-templates-list-caching-hints',
      'sep-2549-resources-read-caching-hints',
    ],
  },
};

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    token: { type: 'string' },
    version: { type: 'string', multiple: true, default: ALL },
    only: { type: 'string' },
  },
});
const here = path.dirname(fileURLToPath(import.meta.url));
const suite = path.join(here, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'conformance-'));
const env = {
  ...process.env,
  DRAWGATE_TEST_ORIGIN: new URL(options.url).origin,
  DRAWGATE_TEST_TOKEN: options.token,
};

function checksOf(scenario, version) {
  const out = path.join(scratch, version, scenario);
  const args = ['server', '--url', options.url, '--scenario', scenario, '--spec-version', version];
  const run = spawnSync(
    process.execPath,
    ['--import', path.join(here, 'inject_auth.mjs'), suite, ...args, '-o', out],
    { env, encoding: 'utf8', timeout: 180_000 },
  );
  const files = fs.existsSync(out) ? fs.readdirSync(out, { recursive: true }).map(String) : [];
  const report = files.find((file) => file.endsWith('checks.json'));
  if (report) return JSON.parse(fs.readFileSync(path.join(out, report)));
  const errorMessage = (run.stderr || run.stdout || String(run.error)).slice(-300);
  return [{ id: 'suite', status: 'FAILURE', errorMessage }];
}

let failures = 0;
for (const version of options.version) {
  for (const [scenario, { versions, excused = [] }] of Object.entries(SCENARIOS)) {
    if (!versions.includes(version) || (options.only && options.only !== scenario)) continue;
    const checks = checksOf(scenario, version);
    const failed = checks.filter((check) => check.status === 'FAILURE');
    const isExcused = ({ id, errorMessage }) =>
      excused.includes(id) || /^Not testable/.test(errorMessage ?? '');
    const bad = failed.filter((check) => !isExcused(check));
    const count = (status) => checks.filter((check) => check.status === status).length;
    failures += bad.length;
    console.log(
      `${bad.length ? 'FAIL' : 'ok  '} ${version} ${scenario}: ${count('SUCCESS')} passed, ` +
        `${bad.length} failed, ${failed.length - bad.length} excused, ${count('WARNING')} warnings`,
    );
    for (const { id, status, errorMessage } of [...bad, ...checks.filter((c) => c.status === 'WARNING')]) {
      console.log(`       ${status.toLowerCase()} ${id}: ${(errorMessage ?? '').slice(0, 260)}`);
    }
  }
}
fs.rmSync(scratch, { recursive: true, force: true });
console.log(`conformance: ${failures} failures that are not excused`);
process.exit(failures ? 1 : 0);
