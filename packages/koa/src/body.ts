// Its types say that Koa's request has a `body`.
/// <reference types="@koa/bodyparser" preserve="true" />
export type { JsonBodyOptions } from '@wardstone/http'
export { jsonBody } from './lib/json-body.ts'
