import type { Answer } from '@activity-log/shared/http/answer.ts'

/**
 * Names that mail and chat programs add to links, to learn who follows them. No parameter of a page has such a name.
 */
const names: readonly string[] = [
  '_ga _gl _hsenc _hsmi __hsfp __hssc __hstc dclid epik fbclid gad_campaignid gad_source gbraid gclid gclsrc hsctatracking',
  'igsh igshid li_fat_id mc_cid mc_eid mkt_tok msclkid mtm_campaign oly_anon_id oly_enc_id rb_clickid ref_src s_cid',
  'srsltid ttclid twclid vero_conv vero_id wbraid wickedid yclid',
].flatMap((line) => line.split(' '))

const isTracking = (part: string) => {
  const name = (part.split('=')[0] ?? '').toLowerCase()
  return name.startsWith('utm_') || names.includes(name)
}

/**
 * A redirect to the same page without such parameters, so that a link works as it was meant; undefined if it has none.
 */
export function withoutTracking(url: string, led = (path: string) => path): Answer | undefined {
  const [, path = '/', query = ''] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?/.exec(url) ?? []
  const parts = query.split('&')
  const kept = parts.filter((part) => !isTracking(part))
  if (kept.length === parts.length) return undefined
  const location = kept.length > 0 ? `${path}?${kept.join('&')}` : path
  return { status: 302, headers: { location: led(location), 'cache-control': 'no-store' } }
}
