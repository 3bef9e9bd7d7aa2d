import { available, postgresBinaries } from '@wardstone/testkit/servers'
import { afterAll, beforeAll, describe } from 'vitest'
import { itKeeps } from '../stores/play.ts'
import { Place } from './places.ts'

const versions = (await available('postgres-server')) ? await postgresBinaries() : []

describe.each(versions)('sessions in PostgreSQL $version', { timeout: 20_000 }, ({ version }) => {
  let place: Place
  beforeAll(async () => void (place = await Place.version(version)), 30_000)
  afterAll(() => place?.close())
  itKeeps(() => place.stage())
})

// One process and one connection: what it cannot do is to let statements wait for each other.
describe('sessions in PGlite', { timeout: 20_000 }, () => {
  let place: Place
  beforeAll(async () => void (place = await Place.pglite()), 60_000)
  afterAll(() => place?.close())
  itKeeps(() => place.stage())
})
