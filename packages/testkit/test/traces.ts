import { readdirSync, readFileSync } from 'node:fs'
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
