import { describe, expect, test } from 'vitest'
import { whyNoKustomize } from '../manifests/kustomize.ts'
import { deployment } from './deployment.ts'
import { readOptions } from './options.ts'
import { documentedTable, places } from './policies.ts'
import { isDocumented, others } from './proof.ts'
import { report } from './report.ts'
import { contradictions } from './revocation.ts'

const names = { all: ['journey', 'faults', 'upgrade'], short: ['journey'] }

test('every place that a pod tries from has a row in the README', () => {
  expect([...documentedTable().keys()]).toEqual(Object.keys(places))
  expect(documentedTable().get('persist')).toEqual(['mongodb:27017'])
  expect(documentedTable().get('another pod of the namespace')).toEqual([])
})

test('runs all proofs, the short ones, or those that are named, in their usual order', () => {
  expect(readOptions([], names)).toMatchObject({ proofs: names.all, isShort: false, from: '820e461' })
  expect(readOptions(['--short'], names)).toMatchObject({ proofs: ['journey'], isShort: true })
  expect(readOptions(['upgrade', 'journey', '--from', 'main'], names)).toMatchObject({
    proofs: ['journey', 'upgrade'],
    from: 'main',
  })
  expect(() => readOptions(['fault'], names)).toThrow('There is no proof fault')
})

test('a 5xx and no answer are outcomes that a client does not know, and a 4xx is not', () => {
  const answers = [202, 502, 0, 503, 503, 400].map((status) => ({ status, ms: 1, at: 1 }))
  expect(answers.map((answer) => isDocumented(answer, 202))).toEqual([true, true, true, true, true, false])
  expect(others(answers, 202)).toBe('1 × 502, 1 × no answer, 2 × 503, 1 × 400')
})

test('a report names every problem', () => {
  const findings = { text: ['a figure'], problems: ['id-1 is lost'] }
  const text = report([{ title: 'A proof', findings, ms: 61_000 }], { words: ['--short'], ms: 62_000 })
  expect(text).toContain('`npm run system -- knative --short`')
  expect(text).toContain('1:02 min, 1 problems')
  expect(text).toContain('## A proof (1:01 min)\n\na figure\n\n- PROBLEM: id-1 is lost\n')
})

test('a key may work until a second after the Secret of a function has changed', () => {
  const asked = { name: 'ingest', success: 202, changedAt: 10_000 }
  const answer = (sentAt: number, status: number) => ({ sentAt, status, text: 'why' })
  const fine = [answer(9000, 202), answer(10_900, 202), answer(10_950, 401), answer(10_960, 503), answer(12_000, 401)]
  expect(contradictions(fine, asked)).toEqual([])
  expect(contradictions([...fine, answer(11_100, 202)], asked)).toEqual([
    'ingest took the key 1 times after it was revoked',
  ])
  expect(contradictions([answer(11_100, 403)], asked)).toEqual(['ingest with a revoked key: 403 why'])
})

describe.skipIf(whyNoKustomize)('the overlay under test', () => {
  test('has the images of the tag; an earlier stand-in is not asked for its health', () => {
    const text = JSON.stringify(deployment({ tag: 'abc', isEarlier: true }))
    expect(text.match(/dev\.local\/activity-log\/\w+:abc/g)).toHaveLength(5)
    expect(text).not.toMatch(/dev\.local\/activity-log\/[^"]*:dev/)
    expect(text.match(/"livenessProbe"/g)).toHaveLength(2)
    expect(JSON.stringify(deployment()).match(/"livenessProbe"/g)).toHaveLength(4)
  })

  test('asks for keys where that is wanted', () => {
    const text = JSON.stringify(deployment({ asksForKeys: true }))
    expect(text).toContain('"ACCESS":"keys"')
    expect(text.match(/"secretName":"access"/g)).toHaveLength(3)
    expect(JSON.stringify(deployment())).toContain('"ACCESS":"open"')
  })

  test('differs from the overlay only in what is asked for', () => {
    const text = JSON.stringify(deployment({ env: { query: { LOG_LEVEL: 'loud' } }, annotations: { a: 'b' } }))
    expect(text.match(/"loud"/g)).toHaveLength(1)
    expect(text.match(/"a":"b"/g)).toHaveLength(3)
  })
})
