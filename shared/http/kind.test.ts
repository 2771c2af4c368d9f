import { expect, test } from 'vitest'
import { createKindFinder } from './kind.ts'
import { parameterOf } from './parameters.ts'
import { entriesOf } from './route.ts'

const handle = async () => ({ status: 200 })
const kindOf = createKindFinder(
  entriesOf({
    'GET /logs': { scope: 'read', handle, kind: (url) => (parameterOf(url, 'wait') === undefined ? 'reads' : 'waits') },
    'GET /live': { scope: 'read', handle, kind: 'follows' },
    'GET /receipts/:receipt': { scope: 'read', handle, kind: 'waits' },
    'POST /logs': { scope: 'write', handle },
  }),
)

test.each([
  ['GET', '/logs', 'reads'],
  ['GET', '/logs?userId=wait', 'reads'],
  ['GET', '/logs?userId=u&wait=3', 'waits'],
  ['GET', '/logs?%77ait=3', 'waits'],
  ['GET', '/live', 'follows'],
  ['HEAD', '/live', 'follows'],
  ['GET', '/live?action=a', 'follows'],
  ['GET', '/%6cive', 'follows'],
  ['GET', '/./live', 'follows'],
  ['GET', 'http://localhost/live', 'follows'],
  ['GET', '/receipts/r', 'waits'],
  ['GET', '/receipts', 'reads'],
  ['GET', '/receipts/r/x', 'reads'],
  ['POST', '/logs', 'writes'],
  ['POST', '/elsewhere', 'writes'],
  ['DELETE', '/live', 'writes'],
  ['GET', '/%zz', 'reads'],
])('%s %s uses the slots of %s', (method, url, kind) => {
  expect(kindOf(method, url)).toBe(kind)
})
