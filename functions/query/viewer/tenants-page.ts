import { systemTenant } from '@activity-log/shared/tenant.ts'
import { html } from 'hono/html'
import { localPath } from './local-path.ts'
import { navigation, type Page, type PageRequest } from './viewer-page.ts'
import { visible } from './views/h.ts'

type Tenants = { data: readonly { tenant: string }[]; next: string | null }

/** Lets an operator choose whose log to look at. The choice is part of each address, so that a link means one log. */
export async function tenantsPage({ view, zone, ask, basePath }: PageRequest): Promise<Page> {
  const { to } = view
  const wanted = new URL(localPath(to ?? null, basePath), 'http://log.invalid')
  wanted.searchParams.delete('tenant')
  const path = wanted.pathname.slice(basePath.length)
  const kept = [...wanted.searchParams].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  const linkTo = (tenant: string) => {
    const all = new URLSearchParams([...wanted.searchParams, ['tenant', tenant]])
    return `${path}?${all}`
  }
  const known = await ask<Tenants>('/tenants?limit=1000')
  const names = known.ok ? known.answer.data.map(({ tenant }) => tenant) : []
  const items = names
    .filter((name) => name !== systemTenant)
    .map((name) => html`<li><a href="${linkTo(name)}"><bdi>${visible(name)}</bdi></a></li>`)
  const more = known.ok && known.answer.next !== null ? html`<p>There are more; type the name of one.</p>` : ''
  const nav = navigation({ zone, view: to === undefined ? {} : { to }, path: '/viewer/tenants' })
  const main = html`<section class="tenants"><h1>Choose a tenant</h1>
<p>Your key is for every tenant. Each page shows one of them, and its address names it.</p>
<form class="search names" action="${path}" method="get">${kept}
<label>Tenant <input name="tenant" required autocomplete="off" autocapitalize="off" spellcheck="false"></label>
<button class="primary">Show</button></form>
${items.length > 0 ? html`<h2>Tenants with a key or an activity</h2><ul>${items}</ul>${more}` : ''}
<h2>The log itself</h2>
<ul><li><a href="${linkTo(systemTenant)}">${systemTenant}</a>: what operators did, and dead letters that belong to no tenant</li></ul></section>`
  return { title: 'Tenants · Activity log', shown: 'page', nav, main }
}
