import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { addKey } from '@activity-log/shared/access/change-list.ts'
import { StartError } from '@activity-log/shared/config.ts'
import { anAccessFile } from '@activity-log/shared/testing/access.ts'
import { expect, test } from 'vitest'
import { openFile } from './edit-file.ts'

const withAnother = (list: Parameters<typeof addKey>[0]) =>
  addKey(list, { name: 'another', tenant: 'a', scopes: ['read'] }, new Date()).list

test('does not change a file that another command changed meanwhile, or is changing', () => {
  const { path } = anAccessFile({ one: {} })
  const [first, second] = [openFile(path), openFile(path)]
  first.write(withAnother(first.list))
  const written = readFileSync(path, 'utf8')
  expect(() => second.write(withAnother(second.list))).toThrow('was changed at the same time')
  const third = openFile(path)
  const taken = join(dirname(path), `.${basename(path)}.new`)
  writeFileSync(taken, 'of another command')
  expect(() => third.write(withAnother(third.list))).toThrow(`delete ${taken} first`)
  expect([readFileSync(path, 'utf8'), readFileSync(taken, 'utf8')]).toEqual([written, 'of another command'])
})

test('changes the file that a link leads to, and leaves a link to nothing', () => {
  const { path } = anAccessFile({ one: {} })
  const link = join(dirname(path), 'link.json')
  symlinkSync(path, link)
  const opened = openFile(link)
  opened.write(withAnother(opened.list))
  expect([lstatSync(link).isSymbolicLink(), openFile(path).list.keys.length]).toEqual([true, 2])
  const toNothing = join(dirname(path), 'to-nothing.json')
  symlinkSync('nothing.json', toNothing)
  expect(() => openFile(toNothing, { mayBeNew: true })).toThrow(`${toNothing} cannot be read (ENOENT)`)
})

test('replaces nothing but a file', async () => {
  const folder = dirname(anAccessFile({ one: {} }).path)
  const pipe = join(folder, 'pipe')
  await once(spawn('mkfifo', [pipe]), 'exit')
  // whoever reads the pipe gets an empty text
  const writer = spawn('sh', ['-c', ': > "$0"', pipe])
  try {
    expect(() => openFile(pipe, { mayBeNew: true })).toThrow(new StartError(`${pipe} is not a file`))
    expect(lstatSync(pipe).isFIFO()).toBe(true)
  } finally {
    writer.kill()
  }
})

test.each([0o640, 0o644, 0o600])('whoever could read a file with mode %o can read the changed one', (mode) => {
  const { path } = anAccessFile({ one: {} })
  chmodSync(path, mode)
  // another group than that of this process, where it may choose one
  if (process.getuid?.() === 0) chownSync(path, 4321, 1234)
  const former = statSync(path)
  const opened = openFile(path)
  opened.write(withAnother(opened.list))
  const { uid, gid, mode: changed } = statSync(path)
  expect([uid, gid, changed & 0o777]).toEqual([former.uid, former.gid, mode])
})

test('says in one sentence that it cannot get to the file', () => {
  const loop = join(dirname(anAccessFile({ one: {} }).path), 'loop')
  symlinkSync('loop', loop)
  expect(() => openFile(loop)).toThrow(new StartError(`${loop} cannot be read (ELOOP)`))
})

test('loses no key that one of several commands at the same time has printed', { timeout: 60_000 }, async () => {
  const { path } = anAccessFile({ one: {} })
  const script = `
    import { openFile } from ${JSON.stringify(join(import.meta.dirname, 'edit-file.ts'))}
    for (let n = 0; n < 60; n++) {
      const { list, write } = openFile(${JSON.stringify(path)})
      const name = process.argv[1] + '-' + n
      const id = (Number(process.argv[1]) * 1000 + n + '').padStart(11, '0')
      try { write({ ...list, keys: [...list.keys, { ...list.keys[0], id, name }] }) } catch (error) {
        if (!String(error).includes('at the same time')) throw error
        continue
      }
      console.log(name)
    }`
  const printed = await Promise.all(
    [1, 2, 3].map(async (number) => {
      const program = spawn(process.execPath, ['--input-type=module-typescript', '-e', script, String(number)])
      const [output, errors, [code]] = await Promise.all([
        text(program.stdout),
        text(program.stderr),
        once(program, 'exit'),
      ])
      expect([code, errors]).toEqual([0, ''])
      // one that never came first has printed nothing
      return output.split('\n').filter((name) => name !== '')
    }),
  )
  expect(printed.flat().length).toBeGreaterThan(0)
  const names = new Set(openFile(path).list.keys.map(({ name }) => name))
  expect(printed.flat().filter((name) => !names.has(name))).toEqual([])
  expect(readdirSync(dirname(path))).toEqual([basename(path)])
})
