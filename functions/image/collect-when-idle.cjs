/**
 * node --require collect-when-idle.cjs PROGRAM.cjs …: V8 collects when it needs room, so what a burst left behind, 20 MiB and
 * more, may lie there for as long as nothing happens. Here it goes after ten seconds in which half a second of a processor was
 * enough, and what had an end of its own after 30 and 120: connections that nobody uses are closed after 95. Each collection
 * takes some 25 ms; a light load without bursts is never interrupted.
 */
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')

// once the start is over
setTimeout(collectWhenIdle, 5_000).unref()

function collectWhenIdle() {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  // with other flags than at the start V8 would take none of the code that Node has for what is loaded later
  setFlagsFromString('--no-expose-gc')
  // since the process began: after a start alone there is nothing to give back
  let before = { user: 0, system: 0 }
  let idle = 12
  setInterval(() => {
    const { user, system } = process.cpuUsage(before)
    idle = user + system > 500_000 ? 0 : idle + 1
    // any other collection keeps the pages that it has emptied
    if (idle === 1 || idle === 3 || idle === 12) collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    before = process.cpuUsage()
  }, 10_000).unref()
}
