import type { BaselineOptions, Endpoint, Guard, HttpContext } from '@wardstone/http'

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
  | { readonly endpoint: Endpoint; readonly bodyLimit?: number | undefined }
  /** Through the framework, as text that comes in pieces; a failure of the source comes after the head. */
  | { readonly stream: () => AsyncIterable<string> }
  /** Through a handler of the framework itself that sets this header, and throws. */
  | { readonly throws: unknown; readonly header: readonly [name: string, value: string] }

/** An application as a case describes it. It has `baseline` and `problems`. */
export interface HttpApp {
  readonly baseline: BaselineOptions
  readonly routes: readonly HttpRoute[]
  /** Given to `problems`. */
  readonly report: (error: unknown, ctx: HttpContext) => void
}

/** A web framework under test: thirty lines that build the application with the adapter's public functions. */
export interface HttpHost {
  readonly name: string
  /** Listens on a free port of 127.0.0.1. */
  start(app: HttpApp): Promise<RunningHost>
}

/** An application that listens. */
export interface RunningHost {
  readonly port: number
  close(): Promise<void>
}
