import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** A process and all that it has started, itself first. PostgreSQL serves each connection by a process of its own. */
export function family(pid: number): readonly number[] {
  return [pid, ...children(pid).flatMap(family)]
}

function children(pid: number): number[] {
  try {
    const file = `/proc/${pid}/task/${pid}/children`
    const text = existsSync(file) ? readFileSync(file, 'utf8') : execFileSync('pgrep', ['-P', `${pid}`], { encoding: 'utf8' })
    return text.split(/\s+/).filter(Boolean).map(Number)
  } catch {
    return [] // it has gone, or pgrep found none
  }
}

/** Whether a process stands still, or has ended and waits to be noticed. Where there is no /proc, the signal is taken at its word. */
export function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return /^[TZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return true
  }
}
