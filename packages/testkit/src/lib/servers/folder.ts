import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeSegment } from './postgres/segment.ts'

const PREFIX = 'wardstone-'
const folders = new Set<string>()

/** A new temporary folder, which goes when it is removed, or with this process. */
export function makeFolder(): string {
  if (folders.size === 0) {
    sweep()
    process.on('exit', removeAll)
  }
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  folders.add(folder)
  return folder
}

/** Removes a folder of {@link makeFolder} with all that is in it. */
export async function removeFolder(folder: string): Promise<void> {
  removeSegment(folder)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  folders.delete(folder)
  if (folders.size === 0) process.off('exit', removeAll)
}

function removeAll(): void {
  for (const folder of folders) removeNow(folder)
}

function removeNow(folder: string): void {
  removeSegment(folder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** A process that was killed could not clean up: its folders carry its number, and the next one does it. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(PREFIX) ? Number(name.split('-')[1]) : Number.NaN
    if (Number.isInteger(owner) && !isAlive(owner)) removeNow(join(tmpdir(), name))
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
