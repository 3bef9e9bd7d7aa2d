/** What came back, and what was noted on the way. Two hosts that behave the same have equal transcripts. */
export interface Transcript {
  /** 0 when nothing came. */
  readonly status: number
  /** The phrase beside it. */
  readonly reason: string
  /** In the order and spelling in which they were sent, without `Date`. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** The body's bytes as text; chunks are joined. */
  readonly body: string
  /** Whether the body was shorter than announced. */
  readonly cut: boolean
  readonly notes: readonly string[]
}

/** Put in place of the request's id, which is random; of the same length, so that `content-length` stays true. */
export const REQUEST_ID = '00000000-0000-0000-0000-000000000000'

/** Put in place of a nonce of the policy, likewise. */
export const NONCE = '0000000000000000000000=='

/** The same with header names in lower case and in order, for hosts that keep neither. */
export function sorted(transcript: Transcript): Transcript {
  const headers = transcript.headers.map(([name, value]) => [name.toLowerCase(), value] as const)
  return { ...transcript, headers: headers.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) }
}

/** Reads a raw response. Assumes one response, ended by the end of the connection. */
export function readTranscript(received: string, request: string, notes: readonly string[]): Transcript {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return { status: 0, reason: '', headers: [], body: received, cut: received !== '', notes }
  const [line = '', ...lines] = received.slice(0, end).split('\r\n')
  const headers = lines.map((text): readonly [string, string] => {
    const colon = text.indexOf(':')
    return [text.slice(0, colon), text.slice(colon + 1).trim()]
  })
  const valueOf = (name: string): string | undefined => headers.find(([n]) => n.toLowerCase() === name)?.[1]
  const [, code, ...phrase] = line.split(' ')
  const status = Number(code)
  const { body, cut } = readBody(received.slice(end + 4), {
    chunked: valueOf('transfer-encoding') === 'chunked',
    length: request.startsWith('HEAD ') || status === 204 ? 0 : Number(valueOf('content-length') ?? 0),
  })
  const id = valueOf('x-request-id')
  // An id that the client sent is part of what a case looks at; one that we made is not.
  const known = id === undefined || request.includes(id) ? [] : [[id, REQUEST_ID] as const]
  const policy = valueOf('content-security-policy') ?? valueOf('content-security-policy-report-only')
  const [, nonce] = /'nonce-([A-Za-z0-9+/]{22}==)'/.exec(policy ?? '') ?? []
  const concealed = nonce === undefined ? known : [...known, [nonce, NONCE] as const]
  const conceal = (text: string): string => concealed.reduce((all, [made, put]) => all.replaceAll(made, put), text)
  return {
    status,
    reason: phrase.join(' '),
    headers: headers.filter(([name]) => name !== 'Date').map(([name, value]) => [name, conceal(value)]),
    body: conceal(body),
    cut,
    notes,
  }
}

function readBody(text: string, framing: { chunked: boolean; length: number }): { body: string; cut: boolean } {
  if (!framing.chunked) return { body: text, cut: text.length !== framing.length }
  let body = ''
  let at = 0
  for (;;) {
    const end = text.indexOf('\r\n', at)
    const size = end < 0 ? Number.NaN : Number.parseInt(text.slice(at, end), 16)
    if (Number.isNaN(size)) return { body, cut: true }
    if (size === 0) return { body, cut: false }
    body += text.slice(end + 2, end + 2 + size)
    at = end + 2 + size + 2
  }
}
