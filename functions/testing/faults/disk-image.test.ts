import { expect, test } from 'vitest'
import { type DiskEvent, diskAfter, readTraced } from './disk-image.ts'

const hex = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '\\x$&')
const wal = '/data/queue.db-wal'
const events: DiskEvent[] = [
  { kind: 'write', file: wal, offset: 0, bytes: Buffer.from('first ') },
  { kind: 'sync', file: wal },
  { kind: 'write', file: wal, offset: 6, bytes: Buffer.from('second') },
  { kind: 'write', file: wal, offset: 0, bytes: Buffer.from('F') },
  { kind: 'sync', file: wal },
  { kind: 'truncate', file: wal, size: 3 },
]
const held = (count: number, survives = false) =>
  diskAfter(events, count, () => survives)
    .get(wal)
    ?.toString()

test('keeps everything that was written before the last sync, and nothing later', () => {
  expect([1, 2, 4, 5, 6].map((count) => held(count))).toEqual(['', 'first ', 'first ', 'First second', 'First second'])
})

test('keeps the later writes that survive', () => {
  expect([1, 3, 4, 6].map((count) => held(count, true))).toEqual(['first ', 'first second', 'First second', 'Fir'])
})

test('reads calls as strace writes them', () => {
  const path = `21<${hex(wal)}>`
  expect(readTraced(`pwrite64(${path}, "${hex('ab')}", 2, 4096) = 2`)).toEqual({
    kind: 'write',
    file: wal,
    offset: 4096,
    bytes: Buffer.from('ab'),
  })
  expect(readTraced(`ftruncate(${path}, 12) = 0`)).toEqual({ kind: 'truncate', file: wal, size: 12 })
  expect(readTraced(`fdatasync(${path}) = 0`)).toEqual({ kind: 'sync', file: wal })
  expect(readTraced(`unlink("${hex(wal)}") = 0`)).toEqual({ kind: 'remove', file: wal })
  const parts = `[{iov_base="${hex('HTTP')}", iov_len=4}, {iov_base="${hex('/1.1')}", iov_len=4}], 2`
  expect(readTraced(`writev(24<${hex('socket:[1]')}>, ${parts}) = 8`)).toEqual({ kind: 'sent', text: 'HTTP/1.1' })
})

test.each([
  [`fsync(21<${hex(wal)}>) = -1 EIO (Input/output error)`, 'a sync that failed'],
  [`pwrite64(21<${hex(`${wal.slice(0, -3)}shm`)}>, "${hex('a')}", 1, 0) = 1`, 'shared memory'],
  [`write(1<${hex('/dev/null')}>, "${hex('a')}", 1) = 1`, 'another file'],
  ['+++ killed by SIGKILL +++', 'no call'],
])('ignores calls that change no file on the disk: %#', (line) => {
  expect(readTraced(line)).toBeUndefined()
})

test('throws on input that would make the image wrong', () => {
  expect(() => readTraced(`pwrite64(21<${hex(wal)}>, "${hex('a')}"..., 9, 0) = 9`)).toThrow('truncated')
  expect(() => readTraced(`write(21<${hex(wal)}>, "${hex('a')}", 1) = 1`)).toThrow('does not name the offset')
})
