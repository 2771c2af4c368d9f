import { expect, test } from 'vitest'
import { ConfigError } from '../config.ts'
import { hostsOf, openDatabase, openMongoClient } from './mongo-client.ts'

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
])('a URI that does not parse is a mistake in MONGODB_URI, said without its password: %s', (uri) => {
  const error = attempt(uri) as ConfigError
  expect(error).toBeInstanceOf(ConfigError)
  expect(error.message).toMatch(/^ {2}MONGODB_URI is not a connection string/m)
  if (!uri.includes('authMechanism')) expect(error.message).not.toContain('s3cret')
  expect(error.cause).toBeUndefined()
})

test('says which option is unknown', () => {
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
])('refuses a URI that weakens the promise: %s', (option) => {
  const error = attempt(`mongodb://host/?${option}`) as ConfigError
  expect(error).toBeInstanceOf(ConfigError)
  expect(error.message).toContain(`MONGODB_URI asks for ${option}`)
})

test('takes a URI that asks for what is promised anyway, as those of hosted MongoDBs do', () => {
  expect(attempt('mongodb+srv://app:s3cret@cluster.example.com/?retryWrites=true&w=majority&appName=x')).toBeUndefined()
})

test('keeps the credentials, TLS and topology of the URI, and the time limits and concerns of its own', async () => {
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
