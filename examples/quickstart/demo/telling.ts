import { roleName, type RoleId } from '../src/roles.ts'
import type { Answer } from './client.ts'

/** A token as it may be shown: enough to see which one it is, and of no use to anybody. */
export function short(token: string | undefined): string {
  return token === undefined ? '(none)' : `${token.slice(0, 5)}…${token.slice(-6)}`
}

/** What an answer says, in a few words. */
export function telling({ body, headers }: Answer): string {
  const [cookie] = headers.getSetCookie()
  const parts: string[] = []
  if ('code' in body) parts.push(String(body['code']))
  if ('accessToken' in body) parts.push(`access token ${short(String(body['accessToken']))}`)
  if (cookie !== undefined)
    parts.push(cookie.includes('Max-Age=0') ? 'cookie removed' : `cookie ${short(refreshTokenIn(cookie))}`)
  else if ('accessToken' in body) parts.push('no new cookie')
  if ('username' in body) {
    const roles = (body['roles'] ?? [roleName(body['roleId'] as RoleId)]) as readonly string[]
    parts.push(`${String(body['username'])}, role ${roles.join()}`)
  }
  if ('kid' in body) parts.push(`key ${short(String(body['kid']))} signs from ${String(body['signsFrom']).slice(11, 19)}`)
  if ('keys' in body) parts.push(`keys ${listOf(body, 'keys', 'kid').map(short).join(' and ')}`)
  if ('sessions' in body) parts.push(listOf(body, 'sessions', 'device').join(' and '))
  return parts.join(', ')
}

/** All that a refusal says, for comparison with another: what is left out differs for each request. */
export function sayingOf({ headers, body }: Answer): string {
  return JSON.stringify({ challenge: headers.get('www-authenticate'), ...body, requestId: undefined })
}

/** One member of every entry of a list. */
export function listOf(body: Answer['body'], list: string, member: string): readonly string[] {
  return (body[list] as readonly Readonly<Record<string, unknown>>[]).map((entry) => String(entry[member]))
}

function refreshTokenIn(cookie: string): string {
  return cookie.slice(cookie.indexOf('=') + 1, cookie.indexOf(';'))
}
