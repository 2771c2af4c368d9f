import { absent, type ExpectedChange } from './expected-change.ts'

const why = 'people sign in with a key, and operators choose a tenant'

export const changesOfPeople: readonly ExpectedChange[] = [
  ...['~1login', '~1logout', '~1viewer~1tenants'].map((path) => ({
    requests: /\bopenapi/,
    member: `/body/${path}`,
    from: absent,
    to: /./,
    why,
  })),
  {
    requests: /\bpage: docs/,
    member: '/body/links/*',
    from: /^#getAsset$/,
    to: /^#(?:getAsset|showTenants|showSignIn|signIn|signOut|actOnDeadLetter|access)$/,
    why,
  },
  {
    requests: /\bopenapi/,
    member: '/body/~1viewer~1dead-letters~1{id}/post',
    from: absent,
    to: /./,
    why: 'the page of a dead letter has buttons, which send a form',
  },
]
