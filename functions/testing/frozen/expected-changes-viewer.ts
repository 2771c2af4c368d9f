import { absent, type ExpectedChange } from './expected-change.ts'

const facets = 'a facet leads to a page of all its names, and can leave actions out'
const several = 'the users beside the chosen one are counted as well, so that another can be added'
/** A page of all names, and a list without an action. */
const ofFacets = String.raw`\/|\/viewer\/(?:actions|users)(?:\?.*)?|\/\?(?:.*&)?action=(?:[^&]*%2C)?%21[^&]+.*`
/** The list of another user, or of several. */
const ofUsers = String.raw`\/\?userId=[^&]+(?:&userId=[^&]+)?(?:&columns=.*)?`
/** A list of activities with an empty text in their metadata, and a column for it. */
const ofEmptyTexts = String.raw`\/\?.*&metadata\.[^=]+=|\/\?columns=[^&]+%24gt`
const ofRanges = String.raw`#export|\/\?(?:.*&)?from=[^&]+&to=[^&]+.*`
const ofOneUser = /\bpage: (?:the list of a user|nothing that matches)$|\ba page for /

export const changesOfTheViewer: readonly ExpectedChange[] = [
  ...['~1viewer~1users', '~1viewer~1actions'].map((path) => ({
    requests: /\bopenapi/,
    member: `/body/${path}`,
    from: absent,
    to: /./,
    why: facets,
  })),
  {
    requests: /\bpage: docs/,
    member: '/body/links/*',
    from: /^#showLedger$/,
    to: /^#show(?:Ledger|Users|Actions)$/,
    why: facets,
  },
  {
    requests: /\bpage\b(?!: docs)/,
    member: '/body/links/*',
    from: /^\/$/,
    to: new RegExp(`^(?:${ofFacets}|${ofUsers}|${ofEmptyTexts}|${ofRanges})$`),
    why: several,
  },
  {
    requests: ofOneUser,
    member: '/body/shown/*',
    from: /^user$/,
    to: /^(?:user|user_\d+|ids|meta)$/,
    why: several,
  },
  {
    requests: /\bpage\b.*\bdead letter\b(?! that is not there)/,
    member: '/headers/referrer-policy',
    from: /^no-referrer$/,
    to: /^same-origin$/,
    why: 'its forms are sent over plain HTTP as well, where browsers name the origin of a page only then',
  },
]
