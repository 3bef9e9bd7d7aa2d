import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listener } from '@wardstone/http/node'
import { serve } from '@wardstone/testkit/http'
import helmet from 'helmet'
import { describe, expect, test } from 'vitest'
import { context } from './context.ts'
import { headersOf, policyOf } from './secure-headers-kit.ts'

/** How ours stands to theirs. Whatever is not equal says why. */
type Verdict = 'equal' | { readonly stricter: string } | { readonly different: string } | { readonly absent: string }

type Table = Readonly<Record<string, Verdict>>

/** Judges every name of both sides; what no row speaks of fails, and so does a row about nothing. */
function compare(theirs: Readonly<Record<string, string>>, ours: Readonly<Record<string, string>>, table: Table): void {
  expect(Object.keys(table).sort()).toEqual(Object.keys(theirs).sort())
  for (const [name, verdict] of Object.entries(table)) {
    if (verdict === 'equal') expect(ours[name], name).toBe(theirs[name])
    else if ('absent' in verdict) expect(ours[name], name).toBe(undefined)
    else {
      expect(ours[name], name).toBeDefined()
      expect(ours[name], name).not.toBe(theirs[name])
    }
  }
}

const ours = headersOf({}, context({ secure: true }))
const data = headersOf({ preset: 'api' }, context({ secure: true }))
const isolated = headersOf({ preset: 'isolated' }, context({ secure: true }))

describe('[HTTP-1] against helmet 8', async () => {
  const apply = helmet()
  const host = await serve((request, response) => apply(request, response, () => response.end('ok')))
  const { headers } = await fetch(`http://127.0.0.1:${host.port}/`).finally(() => host.close())
  const http = new Set(['connection', 'content-length', 'date', 'keep-alive'])
  const theirs = Object.fromEntries([...headers].filter(([name]) => !http.has(name)))

  test('each header that it sets', () => {
    compare(theirs, ours, {
      'content-security-policy': { stricter: "no 'unsafe-inline'; see the table of directives" },
      'cross-origin-opener-policy': 'equal',
      'cross-origin-resource-policy': 'equal',
      'origin-agent-cluster': 'equal',
      'referrer-policy': {
        different: 'HTTP-1 prescribes what browsers do by default: a site may know who links to it, by origin',
      },
      'strict-transport-security': 'equal',
      'x-content-type-options': 'equal',
      'x-dns-prefetch-control': {
        absent: 'over TLS browsers look up no names of links ahead by themselves; where a page asks for it, it is meant',
      },
      'x-download-options': { absent: 'Internet Explorer alone read it, and is gone since 2022' },
      'x-frame-options': { stricter: 'DENY, as frame-ancestors says' },
      'x-permitted-cross-domain-policies': {
        absent: 'for Flash, gone since 2021; what still reads such a file obeys only one that the application serves itself',
      },
      'x-xss-protection': 'equal',
    })
  })

  test('each directive of its policy', () => {
    compare(policyOf(theirs['content-security-policy']?.replaceAll(';', '; ')), policyOf(ours['content-security-policy']), {
      'default-src': 'equal',
      'base-uri': 'equal',
      'font-src': { stricter: 'fonts of one foreign origin, which HTTP-1 names, not of all; none in data:' },
      'form-action': 'equal',
      'frame-ancestors': { stricter: 'nobody frames the page, not itself either' },
      'img-src': { different: 'HTTP-1: images are shown from anywhere over TLS, and from what scripts make' },
      'object-src': 'equal',
      'script-src': 'equal',
      'script-src-attr': { absent: "script-src has no 'unsafe-inline', which is what attributes would need" },
      'style-src': { stricter: "one foreign origin, not all, and no 'unsafe-inline': inline styles have nonces" },
      'upgrade-insecure-requests': 'equal',
    })
  })

  test('what is sent beyond it', () => {
    const beyond = (from: object, to: object) => Object.keys(from).filter((name) => !(name in to))
    expect(beyond(ours, theirs)).toEqual(['permissions-policy'])
    expect(
      beyond(policyOf(ours['content-security-policy']), policyOf(theirs['content-security-policy']?.replaceAll(';', '; '))),
    ).toEqual(['connect-src', 'frame-src'])
  })
})

/** A list of the OWASP Secure Headers Project, from a checkout where there is one. */
function published<T>(file: string): T | undefined {
  const path = join(process.env['WARDSTONE_VECTORS'] ?? '', 'oshp', file)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined
}

/**
 * What it recommends to send, and what we send.
 *
 * @see {@link https://owasp.org/www-project-secure-headers/ci/headers_add.json}
 */
const RECOMMENDED: Readonly<
  Record<string, readonly [preset: Readonly<Record<string, string>>, sent: string | false, why: string]>
> = {
  'cache-control': [data, 'no-store', 'of data; a page may be cached as long as it has no nonce'],
  'clear-site-data': [ours, false, 'clears what a visitor has: a logout sends it, not every response'],
  'content-security-policy': [
    ours,
    "default-src 'self'",
    'all its directives but block-all-mixed-content, which browsers have dropped',
  ],
  'cross-origin-embedder-policy': [isolated, 'require-corp', 'breaks foreign images and frames: where isolation is asked for'],
  'cross-origin-opener-policy': [ours, 'same-origin', 'as recommended'],
  'cross-origin-resource-policy': [ours, 'same-origin', 'as recommended'],
  'permissions-policy': [ours, 'geolocation=()', 'what reaches a device; not fullscreen, passkeys or cross-origin-isolated'],
  'referrer-policy': [ours, 'strict-origin-when-cross-origin', 'HTTP-1'],
  'strict-transport-security': [ours, 'max-age=31536000; includeSubDomains', 'as recommended'],
  'x-content-type-options': [ours, 'nosniff', 'as recommended'],
  'x-frame-options': [ours, 'DENY', 'as recommended'],
  'x-permitted-cross-domain-policies': [ours, false, 'see helmet'],
}

describe('[HTTP-1] against the OWASP Secure Headers Project', () => {
  test.each(Object.entries(RECOMMENDED))('%s', (name, [preset, sent]) => {
    if (sent === false) expect(preset).not.toHaveProperty(name)
    else expect(preset[name]).toContain(sent)
  })

  const added = published<{ readonly headers: ReadonlyArray<{ readonly name: string }> }>('headers_add.json')
  test.skipIf(added === undefined)('each header of its list is judged (WARDSTONE_VECTORS: oshp/headers_add.json)', () => {
    expect(added?.headers.map(({ name }) => name.toLowerCase()).sort()).toEqual(Object.keys(RECOMMENDED).sort())
  })

  const removed = published<{ readonly headers: readonly string[] }>('headers_remove.json')
  const telling = removed?.headers ?? [
    'Server',
    'Powered-By',
    'X-Powered-By',
    'X-Generator',
    'SourceMap',
    'X-SourceMap',
    'X-Framework',
  ]
  test('nothing tells what the host is made of', async () => {
    const host = await serve(listener([(_request, response) => void response.end('ok')]))
    const { headers } = await fetch(`http://127.0.0.1:${host.port}/`).finally(() => host.close())
    expect(telling.filter((name) => headers.has(name.replace('$', '')))).toEqual([])
  })
})
