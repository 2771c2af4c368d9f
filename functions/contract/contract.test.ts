import { readFileSync } from 'node:fs'
import { originEntries, readTables } from '@activity-log/local/origin.ts'
import { answerOf } from '@activity-log/shared/testing/builders.ts'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, test } from 'vitest'
import { aFilledLog, filled } from './log-for-tests.ts'
import { contractFile, contractText } from './main.ts'
import { contract } from './openapi-document.ts'
import { forPeople } from './pages.ts'

type Parameter = { name: string; in: string; required: boolean; schema: { [keyword: string]: unknown } }
type Described = { tags: string[]; parameters?: Parameter[]; requestBody?: { content: { [type: string]: Example } } }
type Example = { examples?: { [name: string]: { value: unknown } } }
const operations = Object.entries(contract().paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => ({ path, method, ...(described as Described) })),
)

describe('the contract', () => {
  test('has no pattern that a linear-time engine cannot compile, such as those of Go and Rust', () => {
    const patterns = [...contractText().matchAll(/"pattern": ?"((?:[^"\\]|\\.)*)"/g)].map(([, pattern]) => pattern)
    expect(patterns.length).toBeGreaterThan(10)
    expect(patterns.filter((pattern) => /\(\?[=!<]|\\\\\d/.test(pattern ?? ''))).toEqual([])
  })

  test('has one form of what is posted and answered, since generated clients cannot tell alternatives apart', () => {
    const { paths, components } = contract()
    const { SentActivity, Accepted, PostResults, PostProblem, ReceiptsAnswer } = components.schemas
    const posting = [paths['/logs']?.['post'], paths['/logs/batch'], paths['/receipts']]
    const text = JSON.stringify([posting, SentActivity, Accepted, PostResults, PostProblem, ReceiptsAnswer])
    expect(text).toContain('"enum":["accepted","invalid","unavailable"]')
    expect(text).not.toMatch(/"(?:anyOf|oneOf|const)"/)
  })

  test('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(JSON.parse(contractText()))).toEqual({ valid: true })
  })

  test('is the file that query serves; if it is not, run npm run contract', () => {
    expect(readFileSync(contractFile, 'utf8') === contractText()).toBe(true)
  })

  test('has exactly the routes of the three functions that the origin exposes', () => {
    const routes = originEntries(readTables()).map(
      ({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
    )
    expect(routes.toSorted()).toEqual(operations.map(({ method, path }) => `${method} ${path}`).toSorted())
  })

  // pages are left out, because they check parameters as their forms need it, and so is /healthz, which accepts any
  const strict = operations.filter(
    ({ path, tags }) => path !== '/healthz' && (path === '/docs' || !tags.includes(forPeople)),
  )
  test.each(strict)('has exactly the parameters that $method $path accepts', async ({
    method,
    path,
    parameters = [],
  }) => {
    const { call, letter } = await aFilledLog()
    // keys for every tenant alone take a tenant
    const known = parameters.filter((each) => each.in === 'query' && each.name !== 'tenant').map(({ name }) => name)
    const response = await call(method.toUpperCase(), `${filled(path, letter)}?strange=1`)
    expect(response.status).toBe(400)
    const strange = (await answerOf(response)).errors.find(({ pointer }) => pointer === 'strange')
    const names = strange?.detail.split('allowed: ')[1]?.split(', ') ?? []
    const listed = known.length === 0 ? ['none'] : known.map((name) => (name === 'metadata' ? 'metadata.…' : name))
    expect(names.toSorted()).toEqual(listed.toSorted())
  })

  const each = operations.flatMap(({ method, path, parameters = [] }) =>
    parameters
      .filter((one) => one.in === 'query' && one.name !== 'tenant')
      .map((parameter) => ({ method, path, parameters, parameter })),
  )
  test.each(each)('$method $path accepts $parameter.name', async ({ method, path, parameters, parameter }) => {
    const log = await aFilledLog()
    const query = new URLSearchParams()
    for (const one of parameters) if (one.in === 'query' && one.required) query.set(one.name, await exampleOf(one, log))
    query.set(...(await named(parameter, path, log)))
    for (const [name, value] of beside[parameter.name] ?? []) query.set(name, value)
    if (parameter.name === 'wait' && path === '/logs') query.set('receipt', log.receipt)
    const url = path.replace('{receipt}', log.receipt)
    const response = await log.call(method.toUpperCase(), `${filled(url, log.letter)}?${query}`, {
      ...(method === 'post' && bodyOf(path, parameter, log)),
    })
    expect([response.ok, response.ok ? '' : await response.text()]).toEqual([true, ''])
    await response.body?.cancel()
  })

  test('has examples that the functions accept', async () => {
    const { call, letter } = await aFilledLog()
    for (const { method, path, requestBody } of operations) {
      for (const [type, { examples = {} }] of Object.entries(requestBody?.content ?? {})) {
        for (const { value } of Object.values(examples)) {
          const body = typeof value === 'string' ? value : JSON.stringify(value)
          const again = path.includes('dead-letters') && method === 'post' ? (await aFilledLog()).letter : letter
          expect(again).toBe(letter)
          const response = await call(method.toUpperCase(), filled(path, letter), {
            headers: { 'content-type': type },
            body,
          })
          expect([path, response.status < 300 || response.status === 409]).toEqual([path, true])
        }
      }
    }
  })
})

type Filled = Awaited<ReturnType<typeof aFilledLog>>

/** The body of a request with a parameter, where it has one. */
function bodyOf(path: string, { name }: Parameter, { receipt }: Filled): Pick<RequestInit, 'headers' | 'body'> {
  if (path === '/receipts') return { body: JSON.stringify({ receipts: [receipt] }) }
  if (!path.startsWith('/logs')) return {}
  const item = { id: 'i', userId: 'u', action: 'a', timestamp: '2024-01-15T10:00:00Z' }
  // the first preset is that of CloudTrail
  const record = { userIdentity: { arn: 'u' }, eventName: 'a', eventTime: '2024-01-15T10:00:00Z', eventID: 'i' }
  const body = name === 'format' ? record : item
  const headers = { 'content-type': 'application/json' }
  return { headers, body: JSON.stringify(path === '/logs' ? body : [body]) }
}

/** Parameters that others require. */
const beside: { [name: string]: readonly [string, string][] } = {
  zone: [['time-format', 'loose']],
  metadata: [['userId', 'user_123']],
  q: [['userId', 'user_123']],
  timezone: [['by', 'day']],
}

async function named(parameter: Parameter, path: string, log: Filled): Promise<[string, string]> {
  if (parameter.name === 'metadata') return ['metadata.n', '1']
  if (parameter.name === 'cursor') {
    const by = path === '/stats' ? '&by=action' : ''
    const { next } = await answerOf(await log.call('GET', `${path}?limit=1${by}`))
    return ['cursor', new URLSearchParams(next?.split('?')[1]).get('cursor') ?? '']
  }
  return [parameter.name, await exampleOf(parameter, log)]
}

async function exampleOf({ name, schema }: Parameter, { call, receipt }: Filled): Promise<string> {
  if (name === 'receipt') return receipt
  if (name === 'asOf') return String((await answerOf(await call('GET', '/logs'))).asOf)
  const [example] = (schema['examples'] ?? schema['enum'] ?? []) as unknown[]
  return String(example ?? schema['minimum'] ?? 'some')
}
