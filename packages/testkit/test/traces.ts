import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** Whether a process runs. One that has ended and waits to be noticed does not. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch (error) {
    return error instanceof Error && 'syscall' in error && error.syscall === 'open' // it runs, and there is no /proc
  }
}

/** Temporary folders of a process. */
export function foldersOf(pid: number): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`wardstone-${pid}-`))
}

/** Segments of shared memory that no process uses, where there is such a list: those of PostgreSQL outlive a killed server. */
export function orphanedSegments(): readonly string[] {
  const file = '/proc/sysvipc/shm'
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(1) : []
  const segments = lines.map((line) => line.trim().split(/\s+/))
  return segments.flatMap(([key, id, , , , , attached]) => (attached === '0' ? [`${key}/${id}`] : []))
}

/** A real time: the answer of a promise, or `silence` when there is none within a fifth of a second. */
export async function orSilence<T>(answer: Promise<T>): Promise<T | 'silence'> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<'silence'>((resolve) => {
    timer = setTimeout(() => resolve('silence'), 200)
  })
  try {
    return await Promise.race([answer, silence])
  } finally {
    clearTimeout(timer)
  }
}
