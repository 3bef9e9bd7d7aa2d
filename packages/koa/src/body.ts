export type { JsonBodyOptions } from '@wardstone/http'
export { jsonBody } from './lib/json-body.ts'
