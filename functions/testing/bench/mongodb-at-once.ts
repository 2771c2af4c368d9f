import { openMongoStub } from '@activity-log/image/warm/mongodb-stub.ts'

/** A MongoDB that takes every write at once: whoever writes to it is the limit. */
const { address } = await openMongoStub([])
console.log(`mongodb://${address}/`)
