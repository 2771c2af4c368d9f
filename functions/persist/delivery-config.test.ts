import { readConfig } from '@activity-log/shared/config.ts'
import { expect, test } from 'vitest'
import { Config } from './config.ts'
import { deliveryRule, deliveryTrust } from './delivery-config.ts'

const all = {
  DELIVERY_JWKS: '/etc/delivery/jwks.json',
  DELIVERY_ISSUER: 'https://kubernetes.default.svc',
  DELIVERY_AUDIENCE: 'persist.activity-log',
  DELIVERY_SUBJECTS: 'system:serviceaccount:activity-log:one, system:serviceaccount:activity-log:two',
}
const read = (environment: { [name: string]: string }) =>
  deliveryTrust(readConfig(Config, { MONGODB_URI: 'mongodb://localhost', ...environment }, deliveryRule))

test('asks for tokens only if it is told whose', () => {
  expect(read({})).toBeUndefined()
  expect(read(all)).toEqual({
    file: '/etc/delivery/jwks.json',
    trust: {
      issuer: 'https://kubernetes.default.svc',
      audience: 'persist.activity-log',
      subjects: ['system:serviceaccount:activity-log:one', 'system:serviceaccount:activity-log:two'],
    },
  })
})

test('names every variable that is missing, so that no delivery is trusted by half of the rules', () => {
  expect(() => read({ DELIVERY_AUDIENCE: 'persist.activity-log' })).toThrow(
    /DELIVERY_JWKS is required with DELIVERY_AUDIENCE\n.*DELIVERY_ISSUER is .*\n.*DELIVERY_SUBJECTS is /,
  )
})

test.each([',', 'a,,b', 'a b'])('rejects %j as subjects', (DELIVERY_SUBJECTS) => {
  expect(() => read({ ...all, DELIVERY_SUBJECTS })).toThrow(/DELIVERY_SUBJECTS must be/)
})
