import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { answerOf } from '@activity-log/shared/testing/builders.ts'
import { describe, expect, test } from 'vitest'
import { anIngest } from './an-ingest.testsuite.ts'

const lines = { 'content-type': 'application/x-ndjson' }
const sample = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../shared/testing/fixtures/presets', name), 'utf8')

/** Sends one item, and returns what is stored of it or the errors. */
async function map(query: string, item: unknown) {
  const { send, stored } = anIngest()
  const response = await send(item, undefined, `/logs?${query}`)
  if (response.status === 202) return stored()[0]
  expect([response.status, stored()]).toEqual([400, []])
  return (await answerOf(response)).errors
}

describe('shippers send what they have:', () => {
  const metadata = 'members=metadata'
  test.each<[string, string, string, object]>([
    [
      'fluent-bit',
      `user=user&time=date&time-format=epoch-s&${metadata}`,
      '{"date":1705312800.123457,"user":"ada","action":"login","level":"info"}',
      { userId: 'ada', action: 'login', timestamp: '2024-01-15T10:00:00.123457Z', metadata: { level: 'info' } },
    ],
    [
      'fluent-bit with java_sql_timestamp',
      `user=user&time=date&time-format=loose&zone=UTC&${metadata}`,
      '{"date":"2024-01-15 10:00:00.123456","user":"ada","action":"login"}',
      { userId: 'ada', action: 'login', timestamp: '2024-01-15T10:00:00.123456Z' },
    ],
    [
      'vector',
      `user=ctx.user.name&action=message&${metadata}`,
      '{"message":"login","ctx":{"user":{"name":"ada"}},"timestamp":"2024-01-15T10:00:00.123456789Z","host":"h"}',
      {
        userId: 'ada',
        action: 'login',
        timestamp: '2024-01-15T10:00:00.123456789Z',
        metadata: { ctx: { user: { name: 'ada' } }, host: 'h' },
      },
    ],
    [
      'telegraf',
      `user=tags.user&action=name&time=timestamp&time-format=epoch-s&${metadata}`,
      '{"fields":{"n":1},"name":"login","tags":{"user":"ada"},"timestamp":1705312800}',
      {
        userId: 'ada',
        action: 'login',
        timestamp: '2024-01-15T10:00:00Z',
        metadata: { fields: { n: 1 }, tags: { user: 'ada' } },
      },
    ],
    [
      'pino',
      `user=userId&action=msg&time=time&time-format=epoch-ms&${metadata}`,
      '{"level":30,"time":1705312800123,"pid":1,"hostname":"h","userId":42,"msg":"login"}',
      {
        userId: '42',
        action: 'login',
        timestamp: '2024-01-15T10:00:00.123Z',
        metadata: { level: 30, pid: 1, hostname: 'h' },
      },
    ],
    [
      'winston',
      `action=message&${metadata}`,
      '{"level":"info","message":"login","userId":"ada","timestamp":"2024-01-15T10:00:00.123Z"}',
      { userId: 'ada', action: 'login', timestamp: '2024-01-15T10:00:00.123Z', metadata: { level: 'info' } },
    ],
    [
      'logstash',
      `user=user.name&action=event.action&time=@timestamp&${metadata}`,
      '{"@timestamp":"2024-01-15T10:00:00.123Z","@version":"1","user":{"name":"ada"},"event":{"action":"login"}}',
      {
        userId: 'ada',
        action: 'login',
        timestamp: '2024-01-15T10:00:00.123Z',
        metadata: { '@version': '1', user: { name: 'ada' }, event: { action: 'login' } },
      },
    ],
    [
      'syslog-ng with UNIXTIME',
      `user=USER&action=MESSAGE&time=UNIXTIME&time-format=epoch-s&${metadata}`,
      '{"USER":"ada","MESSAGE":"login","UNIXTIME":"1705312800","HOST":"h"}',
      { userId: 'ada', action: 'login', timestamp: '2024-01-15T10:00:00Z', metadata: { HOST: 'h' } },
    ],
    [
      'nanoseconds and an id beyond a double',
      `user=uid&id=snowflake&time=ts&time-format=epoch-ns`,
      '{"uid":9007199254740993,"snowflake":1234567890123456789,"action":"a","ts":1705312800123456789}',
      {
        id: '1234567890123456789',
        userId: '9007199254740993',
        action: 'a',
        timestamp: '2024-01-15T10:00:00.123456789Z',
      },
    ],
  ])('%s', async (_what, query, item, expected) => {
    expect(await map(query, item)).toMatchObject(expected)
    const made = expect.stringMatching(/^made-/)
    expect(await map(query, item)).toEqual({ id: made, ...expected })
  })
})

describe('times', () => {
  test.each([
    ['2024-01-15T10:00:00+0100', '2024-01-15T10:00:00+01:00'],
    ['2024-01-15 10:00:00Z', '2024-01-15T10:00:00Z'],
    ['2024-01-15 10:00:00.5 +01', '2024-01-15T10:00:00.5+01:00'],
    ['2024-01-15T10:00+01:00[Europe/Berlin]', '2024-01-15T10:00:00+01:00'],
    ['2024-07-15T10:00[Europe/Berlin]', '2024-07-15T10:00:00+02:00'],
    ['2024-01-15 10:00:00,123 UTC', '2024-01-15T10:00:00.123Z'],
    ['2024-10-27T02:30:00[Europe/Berlin]', '2024-10-27T02:30:00+02:00'],
    ['2024-01-15T10:00:00.123456789-08:00', '2024-01-15T10:00:00.123456789-08:00'],
  ])('loose: %s', async (timestamp, expected) => {
    expect(await map('time-format=loose', { userId: 'u', action: 'a', timestamp })).toMatchObject({
      timestamp: expected,
    })
  })

  test.each([
    ['epoch-s', 0, '1970-01-01T00:00:00Z'],
    ['epoch-s', 1.5, '1970-01-01T00:00:01.5Z'],
    ['epoch-ms', 1, '1970-01-01T00:00:00.001Z'],
    ['epoch-us', '1705312800123456', '2024-01-15T10:00:00.123456Z'],
    ['epoch-ns', '5', '1970-01-01T00:00:00.000000005Z'],
    ['epoch-s', '1.7053128e9', '2024-01-15T10:00:00Z'],
  ])('%s: %s', async (format, timestamp, expected) => {
    const item = { userId: 'u', action: 'a', timestamp }
    expect(await map(`time-format=${format}`, item)).toMatchObject({ timestamp: expected })
  })

  test.each<[string, unknown, RegExp]>([
    ['time-format=epoch-s', 1_705_312_800_123, /after the year 9999 as epoch-s/],
    ['time-format=epoch-s', 'yesterday', /time since 1970 as epoch-s/],
    ['time-format=epoch-s', -1, /time since 1970/],
    ['time-format=epoch-ms', {}, /time-format/],
    ['time-format=epoch-ms', 1_767_400_000_000, /more than 24 hours ahead/],
    ['time-format=loose', '15.01.2024 10:00', /must be a date and a time, such as/],
    ['time-format=loose', '2024-01-15 10:00', /no offset.*zone/],
    ['time-format=loose', '2024-02-30 10:00Z', /day 30/],
    ['time-format=loose', '2024-01-15T10:00[Nowhere/City]', /Nowhere\/City, which is not a time zone/],
    ['time-format=loose&zone=Europe/Berlin', '2024-03-31 02:30', /does not exist in Europe\/Berlin/],
    ['time-format=rfc3339', 1_705_312_800, /is a number; .*epoch-s/],
    ['time-format=rfc3339', '2024-01-15 10:00', /epoch-s.*loose/],
  ])('%s rejects %j', async (query, timestamp, detail) => {
    const errors = await map(query, { userId: 'u', action: 'a', timestamp })
    expect(errors).toEqual([{ pointer: '/timestamp', detail: expect.stringMatching(detail) }])
  })
})

describe('rejects', () => {
  const item = { userId: 'u', action: 'a' }
  test.each([
    ['user=', ['user']],
    ['user=a..b', ['user']],
    ['user=a,', ['user']],
    ['action=.', ['action']],
    ['time-format=iso', ['time-format']],
    ['zone=UTC', ['zone']],
    ['zone=Mars&time-format=loose', ['zone']],
    ['zone=%2B25:00&time-format=loose', ['zone']],
    ['zone=-01:60&time-format=loose', ['zone']],
    ['members=all', ['members']],
    ['format=syslog', ['format']],
    ['format=', ['format']],
    ['userId=ada', ['userId']],
    ['user=a&user=b', ['user']],
  ])('the parameters %s', async (query, pointers) => {
    const errors = await map(query, item)
    expect(errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers)
  })

  test.each<[string, unknown, unknown[]]>([
    ['user=name', item, [{ pointer: '', detail: 'has no name, which user names as the userId' }]],
    [
      'user=a.b&members=metadata',
      { ...item, a: { b: null } },
      [{ pointer: '', detail: 'has no a.b, which user names as the userId' }],
    ],
    ['user=a.0.b,c', item, [{ pointer: '', detail: expect.stringMatching(/has none of a\.0\.b, c/) }]],
    ['user=u&members=metadata', { ...item, u: null }, [{ pointer: '', detail: expect.stringMatching(/has no u/) }]],
    ['time=ts', { ...item, ts: null }, [{ pointer: '', detail: expect.stringMatching(/no ts, which time names/) }]],
    [
      'time=ts&time-format=epoch-s',
      { ...item, ts: [] },
      [{ pointer: '/ts', detail: expect.stringMatching(/epoch-s/) }],
    ],
    ['time=ts&time-format=loose', { ...item, ts: 5 }, [{ pointer: '/ts', detail: expect.stringMatching(/0100/) }]],
    ['time=ts', item, [{ pointer: '', detail: expect.stringMatching(/no ts, which time names/) }]],
    ['id=__proto__.x', item, [{ pointer: '', detail: expect.stringMatching(/no __proto__\.x/) }]],
    ['user=n', { action: 'a', n: 1.5 }, [{ pointer: '/n', detail: 'must be text or a whole number' }]],
    ['user=n', { action: 'a', n: true }, [{ pointer: '/n', detail: 'must be text' }]],
    ['user=n', { action: 'a', n: ' ' }, [{ pointer: '/n', detail: 'must not be empty' }]],
    [
      'user=n.o&members=metadata',
      { action: 'a', n: { o: 'x'.repeat(257) } },
      [{ pointer: '/n/o', detail: expect.stringMatching(/256/) }],
    ],
    ['user=n', { action: 'a', n: 'u', m: 1 }, [{ pointer: '/m', detail: expect.stringMatching(/metadata/) }]],
    [
      'user=n',
      { action: 'a', n: 'u', userId: 'v' },
      [{ pointer: '/userId', detail: expect.stringMatching(/members=/) }],
    ],
    ['members=metadata', { ...item, x: 1, metadata: { x: 2 } }, [{ pointer: '/x', detail: 'is in metadata as well' }]],
    ['members=metadata', { ...item, x: { _bsontype: 'y' } }, [{ pointer: '/x/_bsontype', detail: expect.any(String) }]],
    [
      'members=metadata',
      '{"userId":"u","action":"a","x":1e400}',
      [{ pointer: '/x', detail: expect.stringMatching(/1e400/) }],
    ],
    ['members=metadata', { userId: 42, action: 'a' }, [{ pointer: '/userId', detail: 'must be text' }]],
    ['user=userId', '"text"', [{ pointer: '', detail: expect.stringMatching(/must be an object/) }]],
  ])('%s with %j', async (query, body, errors) => {
    expect(await map(query, body)).toEqual(errors)
  })

  test('only the line that is wrong, with its place', async () => {
    const { send, stored } = anIngest()
    const items = Array.from({ length: 1000 }, (_, n) => JSON.stringify({ u: n, action: 'a', ts: n === 499 ? 'x' : n }))
    const response = await send(items.join('\n'), lines, '/logs?user=u&time=ts&time-format=epoch-s')
    const { results } = await answerOf(response)
    expect([response.status, stored().length]).toEqual([207, 999])
    expect(results[499]?.errors).toEqual([{ pointer: '/499/ts', detail: expect.stringContaining('epoch-s') }])
  })

  test('a file of another kind than the preset, by line', async () => {
    const { send, stored } = anIngest()
    const response = await send(sample('github.ndjson'), lines, '/logs/batch?format=okta')
    const { results } = await answerOf(response)
    expect([response.status, stored()]).toEqual([400, []])
    expect(results[1]?.errors[0]).toEqual({
      pointer: '/1',
      detail: 'has none of actor.alternateId, actor.id, which format=okta names as the userId',
    })
  })
})

test('alternatives count in order, backslashes escape, and numbers lead through arrays', async () => {
  const item = { 'a.b': 'dotted', c: [{ d: 'in an array' }], action: 'a' }
  expect(await map('user=none,a\\.b&members=metadata', item)).toMatchObject({ userId: 'dotted' })
  expect(await map('user=none,c.0.d,a\\.b&members=metadata', item)).toMatchObject({ userId: 'in an array' })
})

test('metadata of its own is kept beside the other members', async () => {
  const item = { userId: 'u', action: 'a', x: 1, metadata: { y: 2 }, __proto__x: 3 }
  const { metadata } = await map('members=metadata', item)
  expect(metadata).toEqual({ x: 1, __proto__x: 3, y: 2 })
})

describe('presets', () => {
  test.each<[string, string, object[]]>([
    [
      'cloudtrail',
      JSON.stringify(JSON.parse(sample('cloudtrail.json')).Records),
      [
        {
          id: '6f1e8a50-0f8a-4f43-9d76-0a7e1f3d2b11',
          userId: 'arn:aws:iam::123456789012:user/ada',
          action: 'PutObject',
          timestamp: '2024-01-15T10:00:00Z',
        },
        { userId: 'autoscaling.amazonaws.com', action: 'AssumeRole' },
      ],
    ],
    [
      'github',
      sample('github.ndjson'),
      [
        {
          id: 'xJJFlFOhQ6b-5vaAFy9Rjw',
          userId: 'octocat',
          action: 'team.add_member',
          timestamp: '2024-01-15T10:00:00.123Z',
        },
        { userId: 'hubot', timestamp: '2024-01-15T10:00:01Z' },
      ],
    ],
    [
      'okta',
      sample('okta.json'),
      [
        {
          id: 'dc9fd3c0-598c-11ef-8478-2b7584bf8d5a',
          userId: 'ada@example.com',
          action: 'user.session.start',
          timestamp: '2024-01-15T10:00:00.123Z',
        },
      ],
    ],
    [
      'microsoft365',
      sample('microsoft365.json'),
      [
        {
          id: '80c76bd2-9d81-4c57-a97a-accfc3443dca',
          userId: 'ada@contoso.example',
          action: 'FileAccessed',
          timestamp: '2024-01-15T10:00:00Z',
        },
      ],
    ],
    [
      'kubernetes-audit',
      sample('kubernetes-audit.ndjson'),
      [
        { id: '8c3b2c4e-6a4b-4c1f-9a57-3f0d5f6a7b81-RequestReceived', userId: 'ada@example.com', action: 'get' },
        {
          id: '8c3b2c4e-6a4b-4c1f-9a57-3f0d5f6a7b81-ResponseComplete',
          timestamp: '2024-01-15T10:00:00.131011Z',
        },
      ],
    ],
  ])('%s: its sample is stored, and nothing of it is lost', async (format, text, expected) => {
    const { send, stored } = anIngest()
    const headers = text.startsWith('[') ? undefined : lines
    const response = await send(text, headers, `/logs/batch?format=${format}`)
    expect([response.status, stored().length]).toEqual([202, expected.length])
    for (const [index, each] of expected.entries()) expect(stored()[index]).toMatchObject(each)
    const items: object[] = headers
      ? text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : JSON.parse(text)
    for (const [index, item] of items.entries()) {
      const kept = new Set(leaves(stored()[index]))
      expect(
        leaves(item).filter((leaf) => !kept.has(leaf) && !/Time|timestamp|^2024-01-15T10:00:00$/i.test(leaf)),
      ).toEqual([])
    }
  })

  test('may be changed by the other parameters', async () => {
    const { send, stored } = anIngest()
    await send(sample('github.ndjson'), lines, '/logs/batch?format=github&user=org')
    expect(stored().map(({ userId }) => userId)).toEqual(['octo-org', 'octo-org'])
  })
})

/** Every scalar with its name, for values that stay where they are or move to another name. */
function leaves(value: unknown, name = ''): string[] {
  if (typeof value !== 'object' || value === null) return [typeof value === 'number' ? `${name}:${value}` : `${value}`]
  return Object.entries(value).flatMap(([key, each]) => leaves(each, key))
}
