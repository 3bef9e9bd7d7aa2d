declare module 'jsonwebtoken' {
  import type { KeyObject } from 'node:crypto'

  interface VerifyOptions {
    readonly algorithms: readonly ('RS256' | 'ES256' | 'HS256')[]
    readonly issuer: string
    readonly audience: string
  }

  const jsonwebtoken: { verify(token: string, key: KeyObject, options: VerifyOptions): unknown }
  export = jsonwebtoken
}
