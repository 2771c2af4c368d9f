import type { FrozenRequest, Target } from '../frozen-request.ts'

export type Headers = { readonly [name: string]: string }

export const json: Headers = { 'content-type': 'application/json' }
export const ndjson: Headers = { 'content-type': 'application/x-ndjson' }
export const structured: Headers = { 'content-type': 'application/cloudevents+json' }
export const batch: Headers = { 'content-type': 'application/cloudevents-batch+json' }

/** A valid activity. `changes` replaces its members, and undefined removes one. */
export const activity = (changes: object = {}): object => ({
  userId: 'user_123',
  action: 'click_button',
  timestamp: '2024-01-15T10:00:00Z',
  ...changes,
})

type Init = { method?: string; headers?: Headers; body?: unknown } & Pick<FrozenRequest, 'chunked' | 'events'>

/** A request to a function; a body that is neither text nor bytes is sent as JSON. */
export function ask(to: Target, name: string, path: string, { headers = {}, body, ...rest }: Init = {}): FrozenRequest {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  return {
    name: `${to}: ${name}`,
    to,
    path,
    headers: Object.entries(headers),
    ...(text !== undefined && { body: text }),
    ...rest,
  }
}

export const post = (name: string, body: unknown, headers: Headers = json): FrozenRequest =>
  ask('ingest', name, '/logs', { method: 'POST', headers, body })

export const lines = (...items: readonly unknown[]): string =>
  items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join('\n')

export const bytes = (...parts: readonly (string | number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)))
