export { contextOf, cspNonce, principal } from './lib/web/context.ts'
export type { WebFacts } from './lib/web/context.ts'
export { baseline, endpoint, guard, problems } from './lib/web/handlers.ts'
export type { WebBoundary, WebHandler } from './lib/web/handlers.ts'
