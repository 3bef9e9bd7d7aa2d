import type { Client } from './client.ts'

/** The key that signed a client's access token. */
export function kidOf({ accessToken = '' }: Client): string {
  return String(decode(accessToken.split('.')[0] ?? '')['kid'])
}

/** Reads a part of a token. */
export function decode(part: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
}

/** Writes one. */
export function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
