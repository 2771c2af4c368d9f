/**
 * node start.cjs PROGRAM.cjs …: runs a bundle with the code that V8 had made of it when the image was built, which lies
 * beside it as PROGRAM.code; without one, or with one that V8 does not take, it only takes longer.
 *
 * Node's own compile cache (NODE_COMPILE_CACHE) holds what V8 makes of a file when it is loaded. This holds what was
 * made in a run that answered a request, and halves what there is left to compile.
 */
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext, Script } = require('node:vm')

process.argv.splice(1, 1)
const file = process.argv[1]
const codeFile = file.replace(/\.cjs$/, '.code')
const wrapper = ['(function (exports, require, module, __filename, __dirname) {', '\n})']
const script = new Script(wrapper[0] + readFileSync(file, 'utf8') + wrapper[1], {
  filename: file,
  columnOffset: -wrapper[0].length,
  ...(existsSync(codeFile) && { cachedData: readFileSync(codeFile) }),
})

if (script.cachedDataRejected) process.emitWarning(`V8 did not take ${codeFile}: the start takes longer`)

if (process.env.WRITE_CODE_TO) {
  process.on('exit', () => writeFileSync(process.env.WRITE_CODE_TO, script.createCachedData()))
} else {
  // once the start is over
  setTimeout(collectWhenIdle, 5_000).unref()
}
script.runInThisContext().call(exports, exports, require, module, file, __dirname)

/**
 * V8 collects when it needs room: what a burst left behind, 20 MiB and more, may lie there for as long as nothing happens. Here
 * it goes after ten seconds in which half a second of a processor was enough, and what had an end of its own after 30 and 120:
 * connections that nobody uses are closed after 95. Each takes some 25 ms; a light load without bursts is never interrupted.
 */
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
