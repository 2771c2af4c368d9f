import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { startProgram } from '@activity-log/shared/testing/processes.ts'
import { mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { expect, test } from 'vitest'

test('prints what it created, then that nothing is left to do, and what a change of the retention does', async () => {
  await using database = aDatabase()
  const migrate = async (days: string) => {
    const env = { MONGODB_URI: mongodbUri, MONGODB_DATABASE: database.name, RETENTION_DAYS: days }
    await using program = startProgram('functions/cli/main.ts', env, 'migrate')
    expect(await program.ended).toBe(0)
    return program.output()
  }
  expect(await migrate('')).toMatch(
    /^created recordedActivities \{"tenant":1,"id":1\}\n(created .*\n){7}Done: database test-/,
  )
  expect(await migrate('')).toMatch(/^Nothing to do: database test-.*\n$/)
  expect(await migrate('7')).toMatch(/^(created .*: expires after 7 days\n){3}Done/)
  expect(await migrate('')).toMatch(/^(dropped .*\n){3}Done/)
})
