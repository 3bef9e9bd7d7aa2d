import { baseline, problems } from '@wardstone/express'
import { serve } from '@wardstone/testkit/http'
import express from 'express'
import express4 from 'express4'
import { expect, onTestFinished, test } from 'vitest'

test.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('X-Powered-By of an application that is mounted is gone, too, on %s; a handler’s own stays', async (_, make) => {
  const app = make()
  const mounted = make()
  app.use(baseline({ headers: { preset: 'api' } }))
  mounted.get('/', (_req, res) => void res.send('x'))
  mounted.get('/own', (_req, res) => void res.set('X-Powered-By', 'steam').send('x'))
  app.use('/mounted', mounted)
  app.use(problems())
  const running = await serve(app)
  onTestFinished(() => running.close())
  const url = `http://127.0.0.1:${running.port}`
  const said = async (path: string) => (await fetch(url + path)).headers.get('x-powered-by')
  expect([await said('/mounted'), await said('/mounted/own'), await said('/mounted/nowhere')]).toEqual([null, 'steam', null])
})
