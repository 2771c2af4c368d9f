import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { clientNames, missingCommands, tryClient } from './generated-clients.ts'

for (const name of clientNames) {
  const missing = await missingCommands(name)
  const without = missing.length > 0 ? ` (not here: ${missing.join(', ')})` : ''
  test.skipIf(missing.length > 0)(
    `a client that is generated for ${name} posts, lists, gets and exports${without}`,
    {
      timeout: 900_000,
    },
    async () => {
      await using log = await startLog(aFolder())
      const { one, exported, ...seen } = await tryClient(name, aFolder(), log.origin)
      expect(seen).toEqual({
        statuses: ['accepted', 'invalid'],
        errors: ['/1/timestamp'],
        listed: ['one', 'two'],
        got: 'two',
      })
      const [csv = '', ndjson = ''] = exported
      expect(csv).toMatch(new RegExp(`^id,userId,action,timestamp,recordedAt,metadata\\r\\n${one},.*\\r\\n.*\\r\\n$`))
      const lines = ndjson.trimEnd().split('\n')
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { id: one, action: 'one', metadata: { n: 1 } },
        { action: 'two' },
      ])
    },
  )
}
