// Preloaded into a Node program that cannot send a credential: adds a bearer to its requests to one
// origin. Environment: DRAWGATE_TEST_ORIGIN, DRAWGATE_TEST_TOKEN. A request that has a credential
// keeps it; nothing else of a request is changed.
import diagnostics from 'node:diagnostics_channel';

const origin = new URL(process.env.DRAWGATE_TEST_ORIGIN);
const bearer = `Bearer ${process.env.DRAWGATE_TEST_TOKEN}`;

// The built-in fetch and undici.
diagnostics.subscribe('undici:request:create', ({ request }) => {
  if (String(request.origin) !== origin.origin) return;
  const names = Array.isArray(request.headers)
    ? request.headers.filter((_, at) => at % 2 === 0)
    : String(request.headers ?? '').split('\r\n').map((line) => line.split(':')[0]);
  if (!names.some((name) => String(name).toLowerCase() === 'authorization')) {
    request.addHeader('authorization', bearer);
  }
});

// node:http. The Host header may be forged by a test, so the connection's own target counts.
diagnostics.subscribe('http.client.request.created', ({ request }) => {
  if (request.headersSent || request.getHeader('authorization')) return;
  const bare = (name) => String(name ?? '').replace(/^\[|\]$/g, '');
  if (bare(request.host) === bare(origin.hostname)) request.setHeader('authorization', bearer);
});
