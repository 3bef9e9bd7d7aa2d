import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Removes the segment of shared memory that a PostgreSQL with its data in this folder has left: one that is killed cannot do
 * it. Only a segment with the number and the key of its file is its own; a number alone may be another's by now.
 */
export function removeSegment(folder: string): void {
  try {
    const facts = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')
    const [key, id] = words(facts[6] ?? '')
    const segments = readFileSync('/proc/sysvipc/shm', 'utf8').split('\n').map(words)
    const own = segments.some(([itsKey, itsId]) => itsKey === key && itsId === id)
    if (own && id !== undefined) execFileSync('ipcrm', ['-m', id], { stdio: 'ignore' })
  } catch {
    // No such server, or no such place to look.
  }
}

function words(line: string): string[] {
  return line.trim().split(/\s+/)
}
