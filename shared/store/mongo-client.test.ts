import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { ConfigError } from '../config.ts'
import { asking, hostsOf, openDatabase, openMongoClient } from './mongo-client.ts'
import { StoreUnavailable } from './store.ts'

const attempt = (uri: string) => {
  try {
    openMongoClient({ uri })
    return undefined
  } catch (error) {
    return error
  }
}

test.each([
  'mongodb://app:s3cret@',
  'mongodb://app:s3cret',
  'mongodb://app:s3cret@host:99999/',
  'mongodb://app:s3cret@host:port/',
  'mongodb://app:s3cret@host/?retryWrite=true',
  'mongodb://app:s3cret/!@host/',
  'mongodb://app:s3cret@!@host/',
  'mongodb://s3cret:@host:x/',
  'mongodb://s3cret@@host/',
  'mongodb+srv://app:s3cret@host:27017/',
  'mongodb://host:s3cret',
  'mongodb://host/?authMechanism=s3cret',
])('a URI that does not parse is a configuration error, reported without its password: %s', (uri) => {
  const error = attempt(uri) as ConfigError
  expect(error).toBeInstanceOf(ConfigError)
  expect(error.message).toMatch(/^ {2}MONGODB_URI is not a connection string/m)
  if (!uri.includes('authMechanism')) expect(error.message).not.toContain('s3cret')
  expect(error.cause).toBeUndefined()
})

test('names an unknown option', () => {
  expect(attempt('mongodb://app:s3cret@host/?retryWrite=true')).toMatchObject({
    message: expect.stringContaining('option retrywrite is not supported'),
  })
})

test.each([
  ['w=0'],
  ['w=1'],
  ['w=3'],
  ['journal=false'],
  ['readConcernLevel=local'],
  ['retryWrites=false'],
])('rejects a URI that weakens the promise: %s', (option) => {
  const error = attempt(`mongodb://host/?${option}`) as ConfigError
  expect(error).toBeInstanceOf(ConfigError)
  expect(error.message).toContain(`MONGODB_URI asks for ${option}`)
})

test('accepts a URI that sets the promised options, as URIs of hosted MongoDBs do', () => {
  expect(attempt('mongodb+srv://app:s3cret@cluster.example.com/?retryWrites=true&w=majority&appName=x')).toBeUndefined()
})

test('keeps the credentials, TLS and topology of the URI, but its own time limits and concerns', async () => {
  const uri =
    'mongodb://app:p%40ss@a:1,b:2/?authSource=users&tls=true&replicaSet=rs&socketTimeoutMS=0&serverSelectionTimeoutMS=90000&wtimeoutMS=1'
  await using client = openMongoClient({ uri })
  expect(client.options).toMatchObject({
    credentials: { username: 'app', password: 'p@ss', source: 'users' },
    tls: true,
    replicaSet: 'rs',
    serverSelectionTimeoutMS: 3000,
    connectTimeoutMS: 2000,
    socketTimeoutMS: 4500,
    waitQueueTimeoutMS: 2000,
    retryWrites: true,
  })
  const db = openDatabase(client, 'log')
  expect(db.writeConcern).toMatchObject({ w: 'majority', journal: true, wtimeoutMS: 4000 })
  expect(db.readConcern).toMatchObject({ level: 'majority' })
  expect(hostsOf(client)).toBe('a:1,b:2')
})

/** A socket whose other end runs a function once it is connected. */
async function aSocket(other: (end: Socket) => void): Promise<Socket> {
  const server = createServer(other).listen(0)
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port)
  await once(socket, 'connect')
  server.close()
  return socket
}
const written = (socket: Socket) =>
  new Promise((resolve, reject) => socket.write('x', (error) => (error ? reject(error) : resolve(undefined))))

test.each([
  [
    'EPIPE',
    async () => {
      const socket = await aSocket((end) => end.end())
      await once(socket.resume(), 'close')
      await written(socket)
    },
  ],
  [
    'ECONNRESET',
    async () => {
      const [error] = await once(await aSocket((end) => end.resetAndDestroy()), 'error')
      throw error
    },
  ],
  ['ERR_STREAM_DESTROYED', async () => written((await aSocket(() => {})).destroy())],
])('a socket error makes the store unavailable: %s', async (code, work) => {
  await expect(asking<unknown>(work)).rejects.toSatisfy(
    (error) => error instanceof StoreUnavailable && (error.cause as { code?: string }).code === code,
  )
})

test('an error in our own code does not make the store unavailable', async () => {
  await expect(asking(async () => Buffer.from(undefined as never))).rejects.toBeInstanceOf(TypeError)
})
