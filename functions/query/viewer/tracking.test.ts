import { describe, expect, test } from 'vitest'
import { withoutTracking } from './tracking.ts'

describe('a link that another program lengthened', () => {
  test.each([
    ['/?utm_source=mail', '/'],
    ['/?userId=a%2Fb&utm_campaign=x&UTM_Medium=y', '/?userId=a%2Fb'],
    ['/?fbclid=1&userId=ann&gclid=2&action=cart.*', '/?userId=ann&action=cart.*'],
    ['/viewer/logs/a-1?mc_cid=1&mc_eid=2&igshid=3&msclkid=4', '/viewer/logs/a-1'],
    ['http://localhost:3000/?fbclid=x&page=2', '/?page=2'],
  ])('%s leads to %s', (url, location) => {
    expect(withoutTracking(url)).toMatchObject({ status: 302, headers: { location } })
  })

  test.each([
    '/',
    '/?userId=utm_source',
    '/?metadata.utm_source=x',
    '/?userId=a&',
    '/?fbclidx=1',
  ])('%s is served as it is', (url) => {
    expect(withoutTracking(url)).toBeUndefined()
  })
})
