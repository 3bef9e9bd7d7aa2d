import type { BaselineOptions, Endpoint, Guard, HttpContext, JsonBodyOptions, JsonLimits } from '@wardstone/http'
import type { Transcript } from './transcript.ts'

/** A route of a case's application, said without any framework. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'OPTIONS'
  /** In the syntax that hosts share: `/posts/:id`. */
  readonly path: string
  /** Where the router of this route is mounted. */
  readonly mount?: `/${string}` | undefined
  /** Mounted by a `guard` of its own, before the others. */
  readonly first?: Guard | undefined
  readonly guards?: readonly Guard[] | undefined
  readonly answer: HttpAnswer
}

/** How a route answers. */
export type HttpAnswer =
  /** Through the adapter's `endpoint`. */
  | ({ readonly endpoint: Endpoint; readonly bodyLimit?: number | undefined } & JsonLimits)
  /**
   * With `{"body": …}`: what a handler of the framework itself finds behind the adapter's `jsonBody`, and an `endpoint` there,
   * too. A host without a parser answers by an `endpoint` alone.
   */
  | { readonly json: JsonBodyOptions }
  /** Through the framework, as text that comes in pieces; a failure of the source comes after the head. */
  | {
      readonly stream: () => AsyncIterable<string>
      /** Default `text/plain`. */
      readonly type?: string | undefined
      /** Set by the framework's own means, as a handler does that knows nothing of guards. */
      readonly vary?: string | undefined
    }
  /** Through a handler of the framework itself that sets this header, and throws. */
  | { readonly throws: unknown; readonly header: readonly [name: string, value: string] }

/** An application as a case describes it. It has `baseline` and `problems`. */
export interface HttpApp {
  readonly baseline: BaselineOptions
  readonly routes: readonly HttpRoute[]
  /** Given to `problems`. */
  readonly report: (error: unknown, ctx: HttpContext) => void
  /** How long the server waits; default: as the host does by itself. */
  readonly server?: ServerTimes | undefined
}

/** When a server gives up on a request that does not come in whole, in milliseconds. */
export interface ServerTimes {
  readonly requestTimeout: number
  /** How often it looks. */
  readonly connectionsCheckingInterval: number
}

/** What a host does otherwise than the table says, and Wardstone cannot or should not mend. */
export interface HostDifference {
  /** Of a case, exactly. */
  readonly title: string
  readonly because: string
  /** Makes of what the table expects what comes instead; left out when the host cannot be asked at all. */
  readonly instead?: ((expected: Transcript) => Transcript) | undefined
}

/** A web framework under test: thirty lines that build the application with the adapter's public functions. */
export interface HttpHost {
  readonly name: string
  /** Whether its responses lose the order and the spelling of header names, as `Headers` does. Default: they keep them. */
  readonly sortsHeaders?: boolean | undefined
  readonly differences?: readonly HostDifference[] | undefined
  /** Listens on a free port of 127.0.0.1. */
  start(app: HttpApp): Promise<RunningHost>
}

/** An application that listens. */
export interface RunningHost {
  readonly port: number
  close(): Promise<void>
}
