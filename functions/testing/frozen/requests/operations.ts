import type { FrozenRequest } from '../frozen-request.ts'
import { ask, json } from './build.ts'

/** These refer to dead letters by their places in lists that were read before. */
const letters = (n: number) => `{{query: dead letters, all#/data/${n}/id}}`
const conflict = '{{query: dead letters, conflicts#/data/0/id}}'
const undelivered = (n: number) => `{{query: dead letters, undelivered#/data/${n}/id}}`

const replay = (name: string, id: string, body?: unknown, headers = json) =>
  ask('persist', `replay: ${name}`, `/dead-letters/${id}/replay`, {
    method: 'POST',
    ...(body !== undefined && { body, headers }),
  })
const discard = (name: string, id: string, body?: unknown, headers = json) =>
  ask('persist', `discard: ${name}`, `/dead-letters/${id}`, {
    method: 'DELETE',
    ...(body !== undefined && { body, headers }),
  })

const corrected = { userId: 'dana', action: 'corrected', timestamp: '2024-02-02T10:00:00Z' }

/** Operators replay and discard dead letters, and read the results. */
export const operations: readonly FrozenRequest[] = [
  replay('as it was', letters(6)),
  replay('corrected without an id', letters(6), { ...corrected, id: undefined }),
  replay('corrected', letters(6), { ...corrected, id: 'd-34' }),
  replay('corrected to another id', letters(7), { ...corrected, id: 'another' }),
  replay('corrected, but wrong', letters(7), { action: 'x' }),
  replay('corrected, but an array', letters(7), [corrected]),
  replay('corrected, but broken', letters(7), '{"userId":'),
  replay('corrected to what would change', letters(7), '{"userId":"u","action":"x","metadata":{"n":1e400}}'),
  replay('a body of another type', letters(7), '{}', { 'content-type': 'text/plain' }),
  replay('with a parameter', `${letters(7)}/../${letters(7)}`, corrected),
  replay('a conflict as it was', conflict),
  replay('a conflict, corrected to what is stored', conflict, {
    userId: '村上春樹',
    action: 'Zoë ☃',
    timestamp: '2024-02-01T10:00:00Z',
  }),
  replay('a conflict again', conflict, { userId: '村上春樹', action: 'Zoë ☃', timestamp: '2024-02-01T10:00:00Z' }),
  ...[0, 1, 2, 3, 4].map((n) => replay(`undelivered ${n}`, undelivered(n))),
  replay('nothing', '0123'),
  discard('without a note', letters(8)),
  discard('with an empty note', letters(8), { note: ' ' }),
  discard('with too long a note', letters(8), { note: 'x'.repeat(1001) }),
  discard('with another member', letters(8), { note: 'x', by: 'me' }),
  discard('with a number', letters(8), { note: 7 }),
  discard('with a note twice', letters(8), '{"note":"a","note":"b"}'),
  discard('with broken JSON', letters(8), '{"note"'),
  discard('with text', letters(8), 'x', { 'content-type': 'text/plain' }),
  discard('with a note', letters(8), { note: ' a test ☃ ' }),
  discard('again', letters(8), { note: 'again' }),
  replay('what was discarded', letters(8)),
  discard('what was replayed', letters(6), { note: 'x' }),
  discard('nothing', '0123', { note: 'x' }),
  ask('persist', 'GET on a dead letter', '/dead-letters/0123'),
  ask('persist', 'GET on a replay', '/dead-letters/0123/replay'),
  ask('query', 'after that: dead letters, all', '/dead-letters?state=all&limit=1000'),
  ask('query', 'after that: dead letters, replayed', '/dead-letters?state=replayed'),
  ask('query', 'after that: dead letters, discarded', '/dead-letters?state=discarded'),
  ask('query', 'after that: dead letters', '/dead-letters?limit=5'),
  ...[6, 8].map((n) => ask('query', `after that: dead letter ${n}`, `/dead-letters/${letters(n)}`)),
  ask('query', 'after that: books', '/books'),
  ask('query', 'after that: an undelivered receipt', '/receipts/AQAABwAAAAAAAAAyAZt22qgA'),
  ask('query', 'after that: everything', '/logs?limit=5'),
  ask('query', 'after that: as it was at first', '/logs?limit=5&count=exact&asOf={{query: lists everything#/asOf}}'),
  ask('query', 'after that: live from before', '/live?asOf={{query: an early moment#/asOf}}', { events: 3 }),
]
