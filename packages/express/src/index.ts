export type { EndpointOptions, ProblemsOptions } from '@wardstone/http'
export { contextOf, cspNonce, endpoint, guard, principal, problems } from '@wardstone/http/node'
export type { NodeErrorHandler, NodeHandler } from '@wardstone/http/node'
export { baseline } from './lib/baseline.ts'
