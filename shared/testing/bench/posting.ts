import { randomUUID } from 'node:crypto'
import type autocannon from 'autocannon'

/** Posts activities of 200 bytes each, one a request: somebody does something just now. */
export function posting(url: string, connections: number, duration: number): autocannon.Options {
  return { url, connections, duration, method: 'POST', requests: [{ setupRequest: withActivity }] }
}

function withActivity<Request extends object>(request: Request) {
  const metadata = { button: 'buy', page: '/checkout/payment', session: randomUUID(), ip: '203.0.113.9' }
  const userId = `user_${100 + Math.floor(Math.random() * 900)}`
  const body = JSON.stringify({ userId, action: 'click_button', timestamp: new Date().toISOString(), metadata })
  return { ...request, headers: { 'content-type': 'application/json' }, body }
}
