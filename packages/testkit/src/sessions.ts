export type { SessionStage, SessionStoreCase, SessionTopic } from './lib/sessions/stage.ts'
export { sessionStoreCases } from './lib/sessions/table.ts'
