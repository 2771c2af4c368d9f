import { type Db, type DbOptions, MongoClient, MongoError, MongoServerSelectionError, ReadConcern } from 'mongodb'
import { ConfigError, type ConfigRule } from '../config.ts'
import { reasons } from '../reasons.ts'
import { StoreUnavailable } from './store.ts'

/**
 * What the driver waits for by default is measured in minutes, or has no end. A call fails within about twice the socket
 * timeout, as the driver tries a second time; the server gives up a little earlier than we do, so that nothing that
 * nobody waits for goes on there. The driver's `timeoutMS` has no effect.
 */
const socketTimeoutMs = 4500
export const maxTimeMS = 4000
const wtimeoutMS = 4000

/** An acknowledgement means: in the journals of a majority. What is read is what a majority has. */
const promised: DbOptions = {
  writeConcern: { w: 'majority', journal: true, wtimeoutMS },
  readConcern: new ReadConcern('majority'),
}

export type MongoClientOptions = {
  uri: string
  /** Off for a command that may wait long for one answer, such as building an index. */
  socketTimeout?: boolean
}

/** A client that connects when it is first asked. The hosts, credentials and TLS are those of the URI. Throws ConfigError. */
export function openMongoClient({ uri, socketTimeout = true }: MongoClientOptions): MongoClient {
  assertKeepsPromise(uri)
  return new MongoClient(uri, {
    appName: 'activity-log',
    serverSelectionTimeoutMS: 3000,
    connectTimeoutMS: 2000,
    socketTimeoutMS: socketTimeout ? socketTimeoutMs : 0,
    waitQueueTimeoutMS: 2000,
    // a server that has stopped answering is noticed within 3 s, and with it all that waits for it ends
    heartbeatFrequencyMS: 1000,
    // instances × pool must stay below what the server takes; group commit needs few
    maxPoolSize: 8,
    minPoolSize: 1,
    retryWrites: true,
    retryReads: true,
    // true would drop a filter whose value is undefined, and show every row
    ignoreUndefined: false,
    // the driver looks names up in it, and finds toString and constructor in an object: it would read bytes for arrays
    fieldsAsRaw: Object.create(null),
  })
}

/** The database, with the concerns that the promise rests on, whatever the URI says. */
export const openDatabase = (client: MongoClient, name: string): Db => client.db(name, promised)

/** Where MongoDB is, without credentials. */
export function hostsOf({ options }: MongoClient): string {
  return options.srvHost ?? options.hosts.map(String).join(',')
}

/** Together with what else is wrong in the environment. What is no URI at all is another rule's to say. */
export const mongoRule: ConfigRule = ({ MONGODB_URI: uri }) => {
  if (!uri || !/^mongodb/.test(uri)) return []
  try {
    assertKeepsPromise(uri)
    return []
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
  }
}

/** A wish that cannot be granted is refused rather than ignored. */
function assertKeepsPromise(uri: string) {
  const { writeConcern, readConcern, retryWrites } = parse(uri).options
  const mistakes = [
    writeConcern?.w !== undefined && writeConcern.w !== 'majority' && `w=${writeConcern.w}`,
    writeConcern?.journal === false && 'journal=false',
    readConcern !== undefined && readConcern.level !== 'majority' && `readConcernLevel=${readConcern.level}`,
    !retryWrites && 'retryWrites=false',
  ].filter((mistake) => mistake !== false)
  if (mistakes.length > 0) {
    throw uriError(`asks for ${mistakes.join(' and ')}, with which acknowledged activities could be lost; leave it out`)
  }
}

function parse(uri: string): MongoClient {
  try {
    return new MongoClient(uri)
  } catch (error) {
    const reason = (error as Error).message
    const form = 'mongodb://user:password@host:27017/?option=value, with % escapes in the user and the password'
    throw uriError(`is not a connection string of MongoDB${tellsSecret(uri, reason) ? '' : ` (${reason})`}: ${form}`)
  }
}

/** Whether a text repeats anything that stands where a URI has its user and password. */
function tellsSecret(uri: string, text: string): boolean {
  const [, rest = ''] = uri.split(/:\/\/(.*)/s)
  // a password may hold, by mistake, what ends it
  const userInfo = rest.slice(0, Math.max(rest.lastIndexOf('@'), rest.search(/[/?]|$/)))
  return userInfo.split(/[:@/?%,]/).some((piece) => piece !== '' && text.includes(piece))
}

export const uriError = (mistake: string) =>
  new ConfigError(`Invalid configuration:\n  MONGODB_URI ${mistake}`)

const unauthorized = 13
/** AuthenticationFailed, MechanismUnavailable, and what Atlas answers to wrong credentials. */
const refusals: readonly unknown[] = [18, 334, 8000]

/** What only the user can fix, or undefined when waiting may. */
export function asConfigError(error: unknown, client: MongoClient): ConfigError | undefined {
  const { code, path } = rootOf(error) as { code?: unknown; path?: unknown }
  if (code === unauthorized) return uriError(`gives no right to what is needed in MongoDB at ${hostsOf(client)}`)
  if (refusals.includes(code)) return uriError(`has credentials that MongoDB at ${hostsOf(client)} refuses`)
  if ((code === 'ENOENT' || code === 'EACCES') && typeof path === 'string') {
    return uriError(`names the file ${path}, which cannot be read (${code})`)
  }
  return undefined
}

/** An error in one line. What a time-out while looking for a server does not say is which servers were seen, and as what. */
export function whyNot(error: unknown, { options }: MongoClient): string {
  const root = rootOf(error)
  if (!(root instanceof MongoServerSelectionError)) return reasons(error)
  const servers = [...(root.reason?.servers.values() ?? [])]
  const seen = servers.map(({ address, type, error }) => `${address} is ${type}${error ? ` (${error.message})` : ''}`)
  if (seen.length > 0) return `${root.message}: ${seen.join(', ')}`
  return `${root.message}: no server there is a member of the replica set ${options.replicaSet}`
}

const rootOf = (error: unknown) => (error instanceof StoreUnavailable ? error.cause : error)

/**
 * Whatever the driver or the network reports is trouble with MongoDB, in which nothing is known about a write; what we
 * throw ourselves is not.
 */
export async function asking<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MongoError || isOfNetwork(error))) throw error
    throw new StoreUnavailable('MongoDB did not do what it was asked for', { cause: error })
  }
}

/** With a system call, or without one where Node saw by itself that a socket is of no use any more. */
const isOfNetwork = (error: unknown) =>
  error instanceof Error &&
  ('syscall' in error || ('code' in error && /^(EPIPE|ERR_(SOCKET|STREAM)_\w+)$/.test(`${error.code}`)))
