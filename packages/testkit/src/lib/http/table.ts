import type { HttpCase } from './case.ts'
import { bodyCases } from './cases/bodies.ts'
import { contextCases } from './cases/context.ts'
import { headerCases } from './cases/headers.ts'
import { lifecycleCases } from './cases/lifecycle.ts'

/**
 * What every adapter must do with every request, byte for byte.
 *
 * @see {@link runHttpCase}
 */
export const httpCases: readonly HttpCase[] = [...contextCases, ...headerCases, ...lifecycleCases, ...bodyCases]
