import { describe, expect, test } from 'vitest'
import { invalidInput, Problem, type ProblemCode, unavailable } from './problem.ts'

test.each<[code: ProblemCode, status: number]>([
  ['invalid-input', 400],
  ['not-found', 404],
  ['method-not-allowed', 405],
  ['too-large', 413],
  ['unsupported-media-type', 415],
  ['internal', 500],
  ['unavailable', 503],
])('%s has status %i, also in its body, and is application/problem+json', async (code, status) => {
  const response = new Problem(code, 'What happened.').toResponse()
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toEqual({
    type: `urn:activity-log:problem:${code}`,
    title: expect.stringMatching(/./),
    status,
    detail: 'What happened.',
  })
})

test('an answer has errors, additional members and headers, but no cause and no stack', async () => {
  const cause = new Error('password is hunter2')
  const errors = [{ pointer: '/a', detail: 'is wrong' }]
  const options = { errors, members: { id: 'x' }, headers: { allow: 'GET' }, cause }
  const problem = new Problem('invalid-input', 'No.', options)
  const response = problem.toResponse()
  const text = await response.text()
  expect(JSON.parse(text)).toMatchObject({ errors, id: 'x' })
  expect(Object.keys(JSON.parse(text))).toEqual(['type', 'title', 'status', 'detail', 'errors', 'id'])
  expect(text).not.toContain('hunter2')
  expect(response.headers.get('allow')).toBe('GET')
  expect(problem.cause).toBe(cause)
})

test('an outage says when to try again, and reveals no cause', async () => {
  const response = unavailable('Not now.', new Error('kafka:9092 refused')).toResponse()
  expect(response.headers.get('retry-after')).toBe('1')
  expect(await response.text()).not.toContain('kafka')
})

describe('invalid input is summarized in one sentence', () => {
  const error = (pointer: string) => ({ pointer, detail: 'is wrong' })
  test.each([
    [[error('/userId')], '/userId is wrong'],
    [[error('')], 'The body is wrong'],
    [[error('/a'), error('/b'), error('/c')], '/a is wrong (and 2 more)'],
    [[], 'The request is not valid.'],
  ])('%j', (errors, detail) => expect(invalidInput(errors).message).toBe(detail))
})
