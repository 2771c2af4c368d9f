import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { aFolder } from '../testing/processes.ts'
import { watchFile } from './watched-file.ts'

/** A file in a folder that is mounted as Kubernetes mounts a ConfigMap: the folder behind a link is replaced. */
function mounted(text?: string) {
  const folder = aFolder()
  let generation = 0
  const path = join(folder, 'file')
  const put = (next: string | undefined) => {
    const data = join(folder, `data-${++generation}`)
    mkdirSync(data)
    if (next !== undefined) writeFileSync(join(data, 'file'), next)
    symlinkSync(data, join(folder, 'next'))
    renameSync(join(folder, 'next'), join(folder, 'data'))
  }
  put(text)
  symlinkSync(join('data', 'file'), path)
  let ms = 0
  const lines: object[] = []
  const write = (fields: object, fact: string) => void lines.push({ ...fields, fact })
  let parsed = 0
  const parse = (given: string) => {
    parsed++
    if (given === 'broken') throw new Error('is broken')
    return given.toUpperCase()
  }
  const file = watchFile(path, { parse, maxBytes: 100, log: { ...silent, info: write, warn: write }, now: () => ms })
  const later = (by: number) => {
    ms += by
  }
  return { file, path, put, later, lines, parsed: () => parsed }
}

test('a file that was replaced is read again, a second later at the latest', async () => {
  const { file, put, later } = mounted('a')
  expect(await file.current()).toBe('A')
  put('b')
  later(999)
  expect(await file.current()).toBe('A')
  later(1)
  expect(await file.current()).toBe('B')
})

test('a file that stayed the same is not read again', async () => {
  const { file, later, parsed } = mounted('a')
  for (let second = 0; second < 5; second++) {
    await Promise.all([file.current(), file.current()])
    later(1_000)
  }
  expect(parsed()).toBe(1)
  expect(await file.readAgain()).toBe('A')
  expect(parsed()).toBe(2)
})

test.each([
  ['is broken', 'broken'],
  ['is larger than 100 bytes', 'x'.repeat(101)],
  ['ENOENT', undefined],
])('a file that %s leaves the last content in place, and the log says why', async (why, text) => {
  const { file, put, later, lines } = mounted('a')
  await file.current()
  put(text)
  later(1_000)
  expect(await file.current()).toBe('A')
  expect(lines).toEqual([
    { file: expect.any(String), err: expect.any(Error), fact: 'a file cannot be used; its last content stays' },
  ])
  expect(String((lines[0] as { err: Error }).err)).toContain(why)
  put('c')
  later(1_000)
  expect(await file.current()).toBe('C')
})

test('a file that was never there has no content until it comes', async () => {
  const { file, path, put, later } = mounted()
  expect(await Promise.all([file.current(), file.current()])).toEqual([undefined, undefined])
  put('a')
  later(1_000)
  expect(await Promise.all([file.current(), file.current()])).toEqual(['A', 'A'])
  rmSync(path)
  later(1_000)
  expect(await file.current()).toBe('A')
})
