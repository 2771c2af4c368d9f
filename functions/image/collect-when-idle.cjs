/**
 * V8 collects garbage only when it needs room, so the 20 MiB or more that a burst leaves behind may stay for as long as
 * the process is idle. This file collects it after the first ten seconds with at most half a second of CPU time, again
 * after 30 s, and after 120 s, because unused connections are closed after 95 s. Each collection takes about 25 ms. A
 * light load without bursts is never interrupted.
 */
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
// if flags differ from those at the start, V8 rejects the code cache of Node's modules that are loaded later
setFlagsFromString('--no-expose-gc')
// CPU time counts from the start of the process, because a start alone leaves nothing to give back
let before = { user: 0, system: 0 }
let idle = 12
setInterval(() => {
  const { user, system } = process.cpuUsage(before)
  idle = user + system > 500_000 ? 0 : idle + 1
  // any other kind of collection keeps the pages that it has emptied
  if (idle === 1 || idle === 3 || idle === 12) collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  before = process.cpuUsage()
}, 10_000).unref()
