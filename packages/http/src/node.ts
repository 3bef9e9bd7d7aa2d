export { readJson } from './lib/node/body.ts'
export { NodeContext } from './lib/node/context.ts'
export { addHeaders, applyOutcome, CONTENT_HEADERS, endReply, wireReply } from './lib/node/response.ts'
export type { HeaderTarget } from './lib/node/response.ts'
