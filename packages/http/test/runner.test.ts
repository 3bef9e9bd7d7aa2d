import { generateSecret, secretRing } from '@wardstone/core'
import { ALLOW, baseline, deny, explain, runner, type Guard, type Outcome } from '@wardstone/http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { context } from './context.ts'

const send = (name: string): Guard => {
  return () => ({
    ok: true,
    headers: [
      ['x-passed', name],
      ['set-cookie', name],
    ],
    closed: () => {},
    head: () => [],
  })
}
const refuse: Guard = (ctx) => deny(ctx, { status: 403, code: 'no' })
const broken: Guard = () => {
  throw new Error('broken')
}
const late = (guard: Guard): Guard => {
  return async (ctx) => guard(ctx)
}

test.each<[string, readonly unknown[]]>([
  ['no guard', []],
  ['something that is no function', [() => ALLOW, undefined]],
  ['a list of guards', [[() => ALLOW]]],
])('guards do not start with %s, which would leave a route open', (_, guards) => {
  expect(() => runner(guards as readonly Guard[])).toThrow(/^guard: guards: expected one function or more/)
})

test('guards that say nothing cost nothing: the outcome is one frozen object', () => {
  const run = runner([() => ALLOW, () => ALLOW])
  expect(run(context())).toBe(run(context()))
})

test('synchronous guards are answered synchronously, one asynchronous guard makes a promise', async () => {
  expect(runner([send('a'), refuse])(context())).toMatchObject({ refused: { code: 'no' } })
  const pending = runner([send('a'), late(send('b')), refuse])(context())
  expect(pending).toBeInstanceOf(Promise)
  expect(await pending).toMatchObject({ refused: { code: 'no' } })
})

test.each<[Readonly<Record<string, string>>, boolean]>([
  [{}, false],
  [{ 'content-length': '0' }, false],
  [{ 'content-length': '65536' }, false],
  [{ 'content-length': '65537' }, true],
  [{ 'content-length': 'NaN' }, true],
  [{ 'transfer-encoding': 'chunked' }, true],
])('[HTTP-4] a refusal of a request with %j ends the connection: %j', (headers, ends) => {
  const { reply } = (runner([refuse])(context({ method: 'POST', headers })) as Outcome).refused!
  expect(reply.headers?.some(([name, value]) => name === 'connection' && value === 'close')).toBe(ends)
})

test('a part of baseline that throws is a fault with the headers that were collected, and no refusal', () => {
  const session = (): never => {
    throw new Error('broken')
  }
  const csrf = { token: { secrets: secretRing({ current: generateSecret() }), session } }
  const ctx = context({ method: 'POST' })
  const outcome = runner([send('a'), baseline({ csrf })])(ctx) as Outcome
  expect(outcome).toMatchObject({ refused: undefined, fault: { message: 'broken' } })
  const names = outcome.headers.map(([name]) => name)
  expect(names.slice(0, 4)).toEqual(['x-passed', 'set-cookie', 'x-request-id', 'content-security-policy'])
  expect(names).not.toContain('content-type')
  expect(explain(ctx)).toBeUndefined()
})

test('guards run in order, each after the last has decided, and none after the first that does not allow', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ kind: fc.constantFrom('allow', 'allow', 'allow', 'refuse', 'throw'), isLate: fc.boolean() }), {
        minLength: 1,
        maxLength: 8,
      }),
      async (plan) => {
        const ran: number[] = []
        const guards = plan.map(({ kind, isLate }, i): Guard => {
          const guard: Guard = (ctx) => {
            ran.push(i)
            return kind === 'allow' ? send(String(i))(ctx) : kind === 'refuse' ? refuse(ctx) : broken(ctx)
          }
          return isLate ? late(guard) : guard
        })
        const outcome = await runner(guards)(context())

        const end = plan.findIndex(({ kind }) => kind !== 'allow')
        const passed = end < 0 ? plan.length : end
        expect(ran).toEqual(plan.slice(0, end < 0 ? plan.length : end + 1).map((_, i) => i))
        expect(cookiesOf(outcome)).toEqual(plan.slice(0, passed).map((_, i) => String(i)))
        expect([outcome.heads.length, outcome.closed.length]).toEqual([passed, passed])
        expect(outcome.refused?.code).toBe(plan[end]?.kind === 'refuse' ? 'no' : undefined)
        expect(outcome.fault?.message).toBe(plan[end]?.kind === 'throw' ? 'broken' : undefined)
      },
    ),
  )
})

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['null', null],
  ['an empty text', ''],
  ['a command of Express', 'route'],
  ['an object that looks like a pass', { ok: true }],
])('what is thrown is always an error: %s', async (_, thrown) => {
  const throwing: Guard = () => {
    throw thrown
  }
  for (const guard of [throwing, late(throwing)]) {
    const outcome = await runner([send('a'), guard])(context())
    expect(outcome.fault).toBeInstanceOf(Error)
    expect(outcome.fault?.cause).toBe(thrown)
    expect(cookiesOf(outcome)).toEqual(['a'])
  }
})

test.each([undefined, null, true, { ok: 1 }, { ok: false }, Promise.resolve(undefined)])(
  'a guard that decides %s is a fault that says so, not a pass',
  async (decision) => {
    const outcome = await runner([(() => decision) as unknown as Guard, send('never')])(context())
    expect(outcome).toMatchObject({ headers: [], refused: undefined, fault: { message: 'The guard returned no decision' } })
  },
)

function cookiesOf(outcome: Outcome): readonly string[] {
  return outcome.headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value)
}
