/**
 * node start.cjs PROGRAM.cjs …: runs a bundle with the code that V8 made of it while its image was built (keep-code.cjs).
 * Node's own cache (NODE_COMPILE_CACHE) has only what V8 makes of a file while it loads it. This one has all that a run
 * compiled that answered requests, which is several times as much. Without it, or if V8 rejects it, a start takes longer.
 */
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { basename, dirname, join, resolve } = require('node:path')
const { Script } = require('node:vm')

process.argv.splice(1, 1)
const file = resolve(process.argv[1])
const folder = dirname(file)
const codeFile = join(folder, 'code', basename(file, '.cjs'))
const head = '(function (exports, require, module, __filename, __dirname) {'
const script = new Script(`${head}${readFileSync(file, 'utf8')}\n})`, {
  filename: file,
  columnOffset: -head.length,
  ...(existsSync(codeFile) && { cachedData: readFileSync(codeFile) }),
})
if (script.cachedDataRejected) process.emitWarning(`V8 rejected ${codeFile}, so the start takes longer`)
if (process.env.KEEP_CODE) process.on('exit', () => writeFileSync(codeFile, script.createCachedData()))
// the start itself is left alone
setTimeout(() => require('./collect-when-idle.cjs'), 5_000).unref()
script.runInThisContext().call(exports, exports, createRequire(file), module, file, folder)
