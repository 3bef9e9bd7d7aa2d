import type { KeyInput, TokenEvent, TokenServiceStats } from '@wardstone/tokens'

/** What each process is told: all the same. */
export interface ProcessSettings {
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  /** The one private key of all. */
  readonly jwk: KeyInput
  /** The one ring. */
  readonly material: string
}

/** What a process has seen. */
export interface ProcessReport {
  readonly events: readonly TokenEvent[]
  /** The calls whose writes no replica has acknowledged. */
  readonly undurable: readonly string[]
  readonly staleness: {
    /** In milliseconds. */
    readonly worst: number
    /** Samples above the maximum, in which the store was asked at every request. */
    readonly stale: number
    readonly samples: number
  }
  readonly refreshed: TokenServiceStats['refreshed']
}
