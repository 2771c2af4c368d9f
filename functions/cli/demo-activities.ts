import type { SentActivity } from '@activity-log/shared/activity.ts'
import type { JsonObject } from '@activity-log/shared/json.ts'
import { randomNumbers } from '@activity-log/shared/random.ts'

type Random = () => number

const dayMs = 86_400_000
const sessionsPerDay = 40
/** Weights for the hours of a day: people sleep, and they have lunch. */
const rhythm = [2, 1, 1, 1, 1, 2, 5, 11, 18, 24, 26, 23, 17, 20, 24, 23, 20, 17, 14, 15, 17, 14, 8, 4]

const words = (...lines: string[]): string[] => lines.flatMap((line) => line.split(' '))
const firstNames = words(
  'ada alan amira bea boris carla chen dara diego edith elif emil fatou grace hana hugo ines ivan jana joao kenji kofi',
  'lena liam lucia mads maya milan nadia noor olga omar paula pedro quinn rosa sami sofia tariq uma vera wei yara zoe',
)
const lastNames = words(
  'abebe berg costa dubois eriksen fischer garcia haddad ito jensen keller lopez mbeki novak okafor petrov quist rossi',
  'silva tanaka',
)

const one = <Item>(random: Random, items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item

/** Draws a user; a few users are drawn most of the time. */
function aUser(random: Random): { userId: string; place: number } {
  const place = Math.floor(firstNames.length * lastNames.length * random() ** 3.2)
  const round = Math.floor(place / firstNames.length)
  const lastName = lastNames[(place + round) % lastNames.length]
  return { userId: `${firstNames[place % firstNames.length]}.${lastName}`, place }
}

const products = [
  { sku: 'T-42', name: 'Tea pot', price: 38.5 },
  { sku: 'L-07', name: 'Desk lamp', price: 64 },
  { sku: 'N-11', name: 'Notebook, dotted', price: 9.9 },
  { sku: 'C-03', name: 'Café chair', price: 129 },
  { sku: 'P-88', name: 'Fountain pen', price: 47.25 },
]
const devices = [
  { os: 'iOS', browser: 'Safari' },
  { os: 'Android', browser: 'Chrome' },
  { os: 'Windows', browser: 'Edge' },
  { os: 'macOS', browser: 'Firefox' },
]

type Step = { action: string; metadata: JsonObject }

/** Makes the steps of a visit to the shop, which begins with a login. */
function aSession(random: Random, place: number): Step[] {
  const device = devices[place % devices.length] as (typeof devices)[number]
  const login: Step = {
    action: 'login',
    metadata: { ip: `203.0.113.${place % 250}`, device, method: place % 3 ? 'password' : 'passkey' },
  }
  if (random() < 0.06)
    return [
      {
        action: 'login.failed',
        metadata: { ...login.metadata, reason: 'wrong password', attempts: 1 + Math.floor(random() * 4) },
      },
    ]
  const steps = [login]
  const cart: { sku: string; name: string; price: number; count: number }[] = []
  for (let left = Math.floor(random() ** 2 * 9); left >= 0; left--) {
    const product = one(random, products)
    const kind = random()
    if (kind < 0.55)
      steps.push({
        action: 'page.view',
        metadata: { path: `/products/${product.sku.toLowerCase()}`, ms: 40 + Math.floor(random() ** 3 * 900) },
      })
    else if (kind < 0.7)
      steps.push({
        action: 'search',
        metadata: { query: product.name.split(/[ ,]/)[0]?.toLowerCase() ?? '', results: Math.floor(random() * 40) },
      })
    else {
      cart.push({ ...product, count: 1 + Math.floor(random() ** 2 * 4) })
      steps.push({ action: 'cart.add', metadata: { ...cart.at(-1) } })
    }
  }
  if (cart.length > 0 && random() < 0.6) {
    const total = Math.round(100 * cart.reduce((sum, { price, count }) => sum + price * count, 0)) / 100
    const order = { number: `${10_000 + Math.floor(random() * 89_999)}`, items: cart, total, currency: 'EUR' }
    steps.push({
      action: 'order.placed',
      metadata: { order, express: random() < 0.2, voucher: random() < 0.1 ? 'SPRING' : null },
    })
    if (random() < 0.05)
      steps.push({ action: 'payment.failed', metadata: { order: order.number, reason: 'card declined', code: 51 } })
  }
  if (random() < 0.08)
    steps.push({
      action: 'profile.update',
      metadata: { changes: [{ path: 'address.city', old: 'Lisbon', new: 'Porto' }] },
    })
  if (random() < 0.5) steps.push({ action: 'logout', metadata: {} })
  return steps
}

export type DemoActivity = SentActivity & { id: string; timestamp: string }

/** Makes the activities of a day in order of time. They are always the same, so sending them again changes nothing. */
export function activitiesOf(day: number): DemoActivity[] {
  const random = randomNumbers(day)
  const start = day * dayMs
  const weekday = new Date(start).getUTCDay()
  const weight = weekday === 0 || weekday === 6 ? 0.45 : 1
  const sessions = Math.round(sessionsPerDay * weight * (0.8 + 0.4 * random()))
  const date = new Date(start).toISOString().slice(0, 10).replaceAll('-', '')
  const activities: Omit<DemoActivity, 'id'>[] = []
  for (let session = 0; session < sessions; session++) {
    const { userId, place } = aUser(random)
    let at = start + anHour(random) * 3_600_000 + random() * 3_600_000
    for (const { action, metadata } of aSession(random, place)) {
      activities.push({ userId, action, timestamp: new Date(Math.floor(at)).toISOString(), metadata })
      at += 2_000 + random() ** 2 * 90_000
    }
  }
  return activities
    .toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1))
    .map((activity, number) => ({ id: `demo-${date}-${number}`, ...activity }))
}

function anHour(random: Random): number {
  const hours = rhythm.flatMap((weight, hour) => Array.from({ length: weight }, () => hour))
  return one(random, hours)
}

/** Yields the steps of overlapping visits without end. The caller decides when each step happens. */
export function* endlessSteps(
  random: Random,
): Generator<Pick<DemoActivity, 'userId' | 'action'> & { metadata: JsonObject }> {
  const open: { userId: string; steps: Step[] }[] = []
  for (;;) {
    if (open.length < 6) {
      const { userId, place } = aUser(random)
      open.push({ userId, steps: aSession(random, place) })
    }
    const session = one(random, open)
    const step = session.steps.shift()
    if (step) yield { userId: session.userId, ...step }
    else open.splice(open.indexOf(session), 1)
  }
}
