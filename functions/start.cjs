/**
 * node start.cjs PROGRAM.cjs …: runs a bundle with the code that V8 had made of it when the image was built, which lies
 * beside it as PROGRAM.code; without one, or with one that V8 does not take, it only takes longer.
 *
 * Node's own compile cache (NODE_COMPILE_CACHE) holds what V8 makes of a file when it is loaded. This holds what was
 * made in a run that answered a request, and halves what there is left to compile.
 */
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { getHeapStatistics, setFlagsFromString } = require('node:v8')
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
  // once the start is over: V8 takes no code that was made without the flag that this sets, neither ours nor that of Node itself
  setTimeout(collectWhenIdle, 5_000).unref()
}
script.runInThisContext().call(exports, exports, require, module, file, __dirname)

/**
 * V8 collects when it needs room: what a burst left behind, 20 MiB and more, may lie there for as long as nothing happens. Here
 * it goes after ten seconds with next to nothing to do, which takes some 25 ms.
 */
function collectWhenIdle() {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const size = () => getHeapStatistics().total_physical_size
  let before = performance.eventLoopUtilization()
  let sizeWithout = 0
  setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    if (utilization > 0.05 || size() < sizeWithout + 4 * 1024 * 1024) return
    // any other collection keeps the pages that it has emptied
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    sizeWithout = size()
  }, 10_000).unref()
}
