import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newKey } from '../access/key.ts'
import { startCommand } from '../testing/processes.ts'

test.each(['StartError', 'ConfigError', 'Error'])('a %s that ends a process shows no key', async (name) => {
  const { id, text } = newKey()
  const script = `
    import { ConfigError, StartError } from ${JSON.stringify(join(import.meta.dirname, '../config.ts'))}
    import { run } from ${JSON.stringify(join(import.meta.dirname, 'run.ts'))}
    run(async () => { throw new ${name}('HOST=${text} is no address') })`
  await using program = startCommand(process.execPath, ['--input-type=module-typescript', '-e', script])
  expect(await program.ended).not.toBe(0)
  expect(program.output()).toContain(`HOST=als_${id}…`)
  expect(program.output()).not.toContain(text)
})
