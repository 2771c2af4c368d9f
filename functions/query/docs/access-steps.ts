import type { Recipe } from './recipes.ts'

/**
 * How somebody who has never seen a key gives one to a customer, signs in, and takes a key back. The README of access
 * has the same text, which a test compares, and another test runs every command.
 */
export const accessSteps: readonly Recipe[] = [
  {
    name: 'The first key',
    about:
      'Make a key for yourself and start the log with the file of its keys. A key is shown once, so keep it. This one is ' +
      'for every tenant (*), which makes you an operator.',
    text: `export ACCESS_FILE=access.json
OPERATOR=$(npm run -s log -- keys create --name me --tenant '*' --scopes write,read,operate)
npm start &`,
  },
  {
    name: 'A key for a customer',
    about:
      'Make a key for a customer, who is a tenant: their program sends and reads with it, and sees nothing of others. The ' +
      'log reads the changed file within a second. An operator names the tenant in each request.',
    text: `ACME=$(npm run -s log -- keys create --name acme-backend --tenant acme --scopes write,read)
curl -X POST localhost:3000/logs -H "authorization: Bearer $ACME" \\
  -H 'content-type: application/json' -d '{"userId":"user_123","action":"click_button"}'
curl localhost:3000/logs -H "authorization: Bearer $ACME"
curl "localhost:3000/logs?tenant=acme" -H "authorization: Bearer $OPERATOR"`,
  },
  {
    name: 'Sign in',
    about:
      'People open http://localhost:3000 and paste a key with the scope read; the browser keeps a session of 8 hours. An ' +
      'operator then chooses a tenant. This prints your key:',
    text: 'echo "$OPERATOR"',
  },
  {
    name: 'Rotation',
    about:
      'Replace a key without an interruption: both are valid for a day, or for --overlap hours. The id of a key is the ' +
      'part after als_. A key is rotated once; later, rotate the one that replaced it.',
    text: `NEXT=$(npm run -s log -- keys rotate \${ACME:4:11})
curl localhost:3000/logs -H "authorization: Bearer $NEXT"
curl localhost:3000/logs -H "authorization: Bearer $ACME"`,
  },
  {
    name: 'Revocation',
    about:
      'Revoke a key that others have seen. The log answers 401 to it within a second, and its sessions and streams end.',
    text: `npm run -s log -- keys revoke \${ACME:4:11}
npm run -s log -- keys list
curl localhost:3000/logs -H "authorization: Bearer $ACME"`,
  },
]
