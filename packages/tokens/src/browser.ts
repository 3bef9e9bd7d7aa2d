export { createSessionClient } from './lib/browser/create.ts'
export { SessionUnavailableError } from './lib/browser/error.ts'
export type { SessionClient, SessionClientOptions, SignIn } from './lib/browser/session-client.ts'
