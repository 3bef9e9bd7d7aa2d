import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** As Debian, Alpine and Google call it. The first has no window. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']

/**
 * The file of a Chromium on PATH, for what only browsers decide; `undefined` where there is none.
 *
 * @example
 * ```ts
 * import { chromiumPath } from '@wardstone/testkit/servers'
 *
 * export const executablePath = await chromiumPath() // of playwright's chromium.launch()
 * ```
 */
export async function chromiumPath(): Promise<string | undefined> {
  for (const name of NAMES) {
    const found = await onPath(name)
    if (found !== undefined) return found
  }
  return undefined
}

/** The file that a command starts. */
export async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, program)
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (runs) return file
  }
  return undefined
}
