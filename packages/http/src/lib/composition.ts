import { isProduction, warn, type OptionReader } from '@wardstone/core'
import type { CorsPart } from './cors/cors.ts'
import type { CsrfPart } from './csrf/csrf.ts'
import type { Site } from './site.ts'

/** What the parts of `baseline` have to know of each other. */
export interface Composition {
  readonly cors: CorsPart | undefined
  /** `undefined` when it is off. */
  readonly csrf: CsrfPart | undefined
  readonly site: Site
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Finds what is right by itself and wrong together: problems where nothing could work, warnings where it works and protects nobody. */
export function checkComposition(o: OptionReader, { cors, csrf, site }: Composition): void {
  if (csrf !== undefined && !csrf.trustsOthers && cors?.credentials !== true && !site.isSaid && isProduction()) {
    warn(
      'WARDSTONE_PUBLIC_ORIGINS',
      'baseline: browsers that send no Fetch Metadata, as over plain http and before 2023, are refused on the own pages of the application, which nothing names. ' +
        "Set publicOrigins: ['https://app.example.com'], or [] if it serves no pages.",
    )
  }
  if (cors === undefined) return
  if (csrf === undefined) {
    if (!cors.credentials) return
    warn(
      'WARDSTONE_CSRF_OFF',
      'baseline: cors lets pages of other origins send cookies, and csrf is off: whatever a page of any site sends with them is believed. ' +
        'Leave csrf on, or set cors.credentials to false if nothing here is known by a cookie.',
    )
    return
  }
  if (cors.everybody && cors.methods.some((method) => !SAFE.has(method))) {
    o.problem(
      'cors.methods',
      'every site may call, and csrf refuses what they change: set methods: ["GET"], list the origins, or set csrf: false if nothing here is known by a cookie',
    )
  }
  const { tokenHeader } = csrf
  if (tokenHeader !== undefined && !cors.everybody && !cors.headers.some((name) => name.toLowerCase() === tokenHeader)) {
    o.problem(
      'cors.headers',
      `expected ${tokenHeader} among them: csrf.token wants it, and no page of another origin may send it`,
    )
  }
}
