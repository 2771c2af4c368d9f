import { createServer } from 'node:http'
import * as v from 'valibot'

/**
 * The upper limit of Node: this reads, parses and validates an activity, stores nothing, and answers that it was
 * accepted.
 */
const Activity = v.object({
  userId: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  action: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  timestamp: v.string(),
  metadata: v.optional(v.record(v.string(), v.unknown())),
})

let count = 0
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.once('end', () => {
    const { timestamp } = v.parse(Activity, JSON.parse(Buffer.concat(chunks).toString()))
    const answer = JSON.stringify({ id: `${++count}`, timestamp })
    response.writeHead(202, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) })
    response.end(answer)
  })
})
server.listen(0, () => {
  const address = server.address()
  console.log(`http://localhost:${typeof address === 'object' && address?.port}`)
})
