export { NodeContext } from './lib/node/context.ts'
export { applyOutcome, endReply } from './lib/node/response.ts'
export type { HeaderTarget } from './lib/node/response.ts'
