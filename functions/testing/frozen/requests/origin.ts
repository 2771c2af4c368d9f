import type { FrozenRequest } from '../frozen-request.ts'
import { activity, ask, json } from './build.ts'

const none = '/dead-letters/0123'

/** Requests to all functions behind one origin, as npm start serves them. */
export const origin: readonly FrozenRequest[] = [
  ask('origin', 'healthz', '/healthz'),
  ask('origin', 'POST /logs', '/logs', { method: 'POST', headers: json, body: activity({ id: 'at-the-origin' }) }),
  ask('origin', 'POST /logs, wrong', '/logs', { method: 'POST', headers: json, body: {} }),
  ask('origin', 'its receipt', '/receipts/{{origin: POST /logs#/receipt}}?wait=30'),
  ask('origin', 'its activity', '/logs/at-the-origin'),
  ask('origin', 'GET /logs', '/logs?limit=2'),
  ask('origin', 'HEAD /logs', '/logs?limit=2', { method: 'HEAD' }),
  ...['PUT', 'DELETE', 'PATCH', 'OPTIONS'].map((method) => ask('origin', `${method} /logs`, '/logs', { method })),
  ask('origin', 'POST /logs/', '/logs/', { method: 'POST', headers: json, body: activity() }),
  ask('origin', 'POST /logs/x', '/logs/x', { method: 'POST', headers: json, body: activity() }),
  ask('origin', 'POST /logs with a parameter', '/logs?x=1', { method: 'POST', headers: json, body: activity() }),
  ask('origin', 'POST /', '/', { method: 'POST', headers: json, body: '{}' }),
  ask('origin', 'POST /dead-letters', '/dead-letters', { method: 'POST', headers: json, body: '{}' }),
  ask('origin', 'GET /dead-letters', '/dead-letters?limit=1'),
  ask('origin', 'GET a dead letter', '/dead-letters/{{query: dead letters, all#/data/9/id}}'),
  ask('origin', 'HEAD a dead letter', none, { method: 'HEAD' }),
  ask('origin', 'PUT a dead letter', none, { method: 'PUT' }),
  ask('origin', 'DELETE a dead letter', none, { method: 'DELETE' }),
  ask('origin', 'discard', '/dead-letters/{{query: dead letters, all#/data/9/id}}', {
    method: 'DELETE',
    headers: json,
    body: { note: 'x' },
  }),
  ask('origin', 'replay', '/dead-letters/{{query: dead letters, all#/data/10/id}}/replay', { method: 'POST' }),
  ask('origin', 'GET a replay', `${none}/replay`),
  ask('origin', 'replay nothing', `${none}/replay`, { method: 'POST' }),
  ask('origin', 'replay with a slash', `${none}/replay/`, { method: 'POST' }),
  ask('origin', 'books', '/books'),
  ask('origin', 'stats', '/stats?by=month'),
  ask('origin', 'export', '/export?format=ndjson&userId=ada'),
  ask('origin', 'metrics', '/metrics'),
  ask('origin', 'nowhere', '/nowhere'),
  ask('origin', 'POST nowhere', '/nowhere', { method: 'POST', body: '{}' }),
  ask('origin', 'constructor for a method', '/logs', { method: 'CONSTRUCTOR' }),
]
