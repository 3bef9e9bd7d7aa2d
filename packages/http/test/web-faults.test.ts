import { generateSecret, secretRing } from '@wardstone/core'
import { baseline, problems, type WebBoundary, type WebHandler } from '@wardstone/http/web'
import { expect, onTestFinished, test, vi } from 'vitest'

const FAULT = new Error('no session')
const token = {
  secrets: secretRing({ current: generateSecret() }),
  session(): never {
    throw FAULT
  },
}

const write = (): Request => new Request('https://app.test/', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })
const never = (): Response => expect.unreachable('let through')

test.each<[string, (base: WebHandler, boundary: WebBoundary, request: Request) => Promise<Response | undefined>, string]>([
  ['inside', (base, boundary, request) => base(request, () => boundary(request, never)), 'console'],
  ['outside', (base, boundary, request) => boundary(request, () => base(request, never)), 'report'],
])(
  '[HTTP-7] over Request, what baseline fails at is answered in full; with the boundary %s, it is told',
  async (_, run, teller) => {
    const told: [string, unknown][] = []
    const logged = vi.spyOn(console, 'error').mockImplementation((error) => void told.push(['console', error]))
    onTestFinished(() => logged.mockRestore())
    const boundary = problems({ report: (error) => told.push(['report', error]) })
    const response = (await run(baseline({ csrf: { token } }), boundary, write()))!
    expect([response.status, await response.json()]).toMatchObject([500, { code: 'internal_error' }])
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(response.headers.get('x-request-id')).not.toBe(null)
    expect(told).toEqual([[teller, FAULT]])
  },
)
