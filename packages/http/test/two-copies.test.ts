import { ALLOW, jsonReply, principalKey, type Guard, type HeadHook } from '@wardstone/http'
import * as onNode from '@wardstone/http/node'
import * as onWeb from '@wardstone/http/web'
import type { IncomingMessage } from 'node:http'
import { serve } from '@wardstone/testkit/http'
import { expect, onTestFinished, test } from 'vitest'

// Two versions are installed, or one is imported and required: each module is there twice.
const [contexts, responses, web] = (await Promise.all(
  ['node/request.ts', 'node/response.ts', 'web/context.ts'].map((file) => import(/* @vite-ignore */ `../src/lib/${file}?copy`)),
)) as [
  Pick<typeof onNode, 'contextOf' | 'principal'>,
  Pick<typeof onNode, 'applyOutcome' | 'endReply'>,
  Pick<typeof onWeb, 'contextOf' | 'principal'>,
]

const someone: Guard = (ctx) => {
  ctx.state.set(principalKey, { id: 'ana', roles: [], claims: {} })
  return ALLOW
}

test('[HTTP-7] what one copy of the package finds out of a request, another one knows', async () => {
  expect(contexts.contextOf).not.toBe(onNode.contextOf)
  const same: boolean[] = []
  const tell = (request: IncomingMessage): string | undefined => {
    same.push(contexts.contextOf(request) === onNode.contextOf(request))
    return contexts.principal(request)?.id
  }
  const first = ['x-first', '1'] as const
  const second: HeadHook = (head) => [['x-second', `after ${head.header('x-first')}`]]
  const running = await serve(
    onNode.listener([
      onNode.guard(someone, () => ({ ok: true, head: () => [first] })),
      (request, response) => {
        responses.applyOutcome(response, {
          headers: [],
          heads: [second],
          closed: [],
          refused: undefined,
          fault: undefined,
        })
        onNode.endReply(response, jsonReply(200, { id: tell(request) }))
      },
    ]),
  )
  onTestFinished(() => running.close())
  const response = await fetch(`http://127.0.0.1:${running.port}/`)
  expect([await response.json(), same]).toEqual([{ id: 'ana' }, [true]])
  expect([response.headers.get('x-first'), response.headers.get('x-second')]).toEqual(['1', 'after 1'])
})

test('[HTTP-7] and so it is over Request', async () => {
  expect(web.contextOf).not.toBe(onWeb.contextOf)
  const request = new Request('https://app.test/')
  const response = await onWeb.guard(someone)(request, () => Response.json({ id: web.principal(request)?.id }))
  expect(await response!.json()).toEqual({ id: 'ana' })
})

test('[HTTP-1] a Request that is handled twice has a nonce for each of its responses', async () => {
  const base = onWeb.baseline()
  const request = new Request('https://app.test/')
  const page = () => base(request, () => new Response(onWeb.cspNonce(request)))
  const policy = (response: Response) => response.headers.get('content-security-policy')
  const [first, second] = [(await page())!, (await page())!]
  const [a, b] = [await first.text(), await second.text()]
  expect(a).not.toBe(b)
  expect([policy(first)?.includes(`'nonce-${a}'`), policy(second)?.includes(`'nonce-${b}'`)]).toEqual([true, true])
  const plain = (await base(request, () => new Response('plain')))!
  expect([policy(plain)?.includes('nonce-'), plain.headers.get('cache-control')]).toEqual([false, null])
})
