/**
 * node start.cjs PROGRAM.cjs …: runs a bundle with the code that V8 had made of it when the image was built, which lies
 * beside it as PROGRAM.code; without one, or with one that V8 does not take, it only takes longer.
 *
 * Node's own compile cache (NODE_COMPILE_CACHE) holds what V8 makes of a file when it is loaded. This holds what was
 * made in a run that answered a request, and halves what there is left to compile.
 */
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { setFlagsFromString } = require('node:v8')
const { Script } = require('node:vm')

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
  // A heap that grows in small steps keeps a function small after a burst, for about a tenth of its speed. (--optimize-for-size
  // keeps it as small for a third.) It is set once the start is over: V8 takes no code that was made without it, neither ours
  // nor that of Node itself
  setTimeout(() => setFlagsFromString('--heap-growing-percent=20'), 5_000).unref()
}
script.runInThisContext().call(exports, exports, require, module, file, __dirname)
