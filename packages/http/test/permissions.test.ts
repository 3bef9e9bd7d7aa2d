import type { SecureHeadersOptions } from '@wardstone/http'
import { expect, test } from 'vitest'
import { headersOf, problemsOf } from './secure-headers-kit.ts'

const DENIED =
  'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), ' +
  'microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()'

test.each<[NonNullable<SecureHeadersOptions['permissions']>, string]>([
  [{}, DENIED],
  [{ payment: ['self'] }, DENIED.replace('payment=()', 'payment=(self)')],
  [{ payment: ['self', 'https://pay.test:8443'] }, DENIED.replace('payment=()', 'payment=(self "https://pay.test:8443")')],
  [
    { camera: ['https://*.meet.test'], usb: ['*'] },
    DENIED.replace('camera=()', 'camera=("https://*.meet.test")').replace('usb=()', 'usb=*'),
  ],
  [{ fullscreen: [], 'picture-in-picture': ['self'] }, `${DENIED}, fullscreen=(), picture-in-picture=(self)`],
])('[HTTP-1] features are left to %j', (permissions, sent) => {
  expect(headersOf({ permissions })['permissions-policy']).toBe(sent)
})

test.each<[object, RegExp]>([
  [{ payment: ['*', 'self'] }, /^permissions.payment: "\*" stands alone$/],
  [{ payment: ["'self'"] }, /^permissions.payment\[0\]: .*not quoted: self$/],
  [{ payment: ['none'] }, /^permissions.payment\[0\]: has no scheme/],
  [{ payment: ['https://a.test/"), camera=*'] }, /^permissions.payment\[0\]: expected one origin/],
  [{ payment: ['https://a.test/'] }, /did you mean https:\/\/a.test\?/],
  [{ payment: ['http://a.test'] }, /an origin with https/],
  [{ payment: 'self' }, /^permissions: expected lists/],
  [{ pictureInPicture: [] }, /such as picture-in-picture/],
  [{ 'a=(), b': [] }, /such as picture-in-picture/],
])('[HTTP-1] features are not left to %j', (permissions, why) => {
  expect(problemsOf({ permissions })).toMatchObject([expect.stringMatching(why)])
})
