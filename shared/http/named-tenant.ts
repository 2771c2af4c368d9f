import { isTenant } from '../activity-recorded.ts'
import type { InputError } from '../checked.ts'
import { systemTenant } from '../tenant.ts'
import type { ServiceRequest } from './route.ts'

const name = 'tenant'

/** The tenant that a request names in its URL, which operators have to, or what is wrong with it. */
export function readNamedTenant(url: string): { tenant: string } | InputError {
  const named = partsOf(url).flatMap((part) => (nameOf(part) === name ? [textAfter(part)] : []))
  const [tenant = ''] = named
  if (named.length === 0)
    return { pointer: name, detail: 'is required, because the key is for every tenant; add ?tenant=NAME' }
  if (named.length > 1) return { pointer: name, detail: 'is repeated; send it once' }
  const isValid = tenant !== '*' && (tenant === systemTenant || isTenant(tenant))
  return isValid ? { tenant } : { pointer: name, detail: 'must be the name of a tenant' }
}

export const namesTenant = (url: string): boolean =>
  url.includes('?') && partsOf(url).some((part) => nameOf(part) === name)

/** The URL as a handler reads it, whose caller has the tenant already. */
export function withoutTenant(url: string): string {
  if (!url.includes('?')) return url
  const others = partsOf(url).filter((part) => nameOf(part) !== name)
  const path = url.slice(0, url.indexOf('?'))
  return others.length === 0 ? path : `${path}?${others.join('&')}`
}

/** A link of an answer. It names the tenant if its request did: whoever follows it is asked for one again. */
export function linkFrom({ basePath, caller }: Pick<ServiceRequest, 'basePath' | 'caller'>, path: string): string {
  return basePath + (caller.isNamed ? linkOf(path, caller.tenant) : path)
}

export const linkOf = (path: string, tenant: string): string =>
  `${path}${path.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(tenant)}`

const partsOf = (url: string): string[] => {
  const at = url.indexOf('?')
  return at === -1
    ? []
    : url
        .slice(at + 1)
        .replace(/#.*$/s, '')
        .split('&')
}

const nameOf = (part: string) => decoded(part.split('=', 1)[0] ?? '')
const textAfter = (part: string) => decoded(part.slice(part.indexOf('=') + 1 || part.length))

/** What is badly encoded equals no name; whoever reads the parameters says so. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return '\0'
  }
}
